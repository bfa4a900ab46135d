#include "libagent/adapters/file_lock.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("a lock that is held is refused, naming its holder", "[adapters]") {
  const temporary_folder folder;
  const auto held = file_lock::take(folder.path() / "x.lock");
  REQUIRE(held);
  const auto second = file_lock::take(folder.path() / "x.lock");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(second.error().context.find("held by process " + std::to_string(::getpid())) !=
        std::string::npos);
}

TEST_CASE("a lock that becomes free within the patience is taken", "[adapters]") {
  const temporary_folder folder;
  const auto file = folder.path() / "x.lock";
  auto first = file_lock::take(file);
  REQUIRE(first);
  std::optional<file_lock> held{std::move(*first)};
  auto second = std::async(std::launch::async, [&file] { return file_lock::take(file, 60s); });
  CHECK(second.wait_for(50ms) == std::future_status::timeout);
  held.reset();
  CHECK(second.get());
}

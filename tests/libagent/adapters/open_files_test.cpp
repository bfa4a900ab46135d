#include "libagent/adapters/open_files.hpp"

#include "tests/support/forked_child.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <sys/resource.h>

using namespace libagent;
using libagent::testing::run_in_forked_child;

namespace {

constexpr rlim_t hard_limit = 200;

/// What `check` returned in a child whose limits are 64 and 200: the test's own stay as they are.
bool holds_in_a_limited_child(const std::function<bool()>& check) {
  return run_in_forked_child([&check] {
           const rlimit limited{.rlim_cur = 64, .rlim_max = hard_limit};
           return setrlimit(RLIMIT_NOFILE, &limited) == 0 && check() ? 0 : 1;
         }) == 0;
}

rlim_t soft_limit_now() {
  rlimit now{};
  return getrlimit(RLIMIT_NOFILE, &now) == 0 ? now.rlim_cur : 0;
}

}  // namespace

TEST_CASE("the limit of open files is raised to the hard limit, and returned", "[adapters]") {
  CHECK(holds_in_a_limited_child([] {
    const bool was_low = soft_limit_now() == 64;
    return was_low && raise_open_file_limit().value_or(0) == hard_limit &&
           soft_limit_now() == hard_limit;
  }));
}

TEST_CASE("raising the limit of open files again changes nothing", "[adapters]") {
  CHECK(holds_in_a_limited_child([] {
    return raise_open_file_limit() && raise_open_file_limit().value_or(0) == hard_limit &&
           soft_limit_now() == hard_limit;
  }));
}

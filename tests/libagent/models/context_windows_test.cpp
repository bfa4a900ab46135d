#include "libagent/models/context_windows.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("a model's window is its own, else that of its provider", "[models]") {
  context_windows windows;
  CHECK_FALSE(windows.of("local/small"));
  windows.learn("local", 4'096);
  CHECK(windows.of("local/small") == 4'096);
  CHECK(windows.of("local") == 4'096);
  windows.learn("local/small", 2'048);
  CHECK(windows.of("local/small") == 2'048);
  CHECK(windows.of("local/large") == 4'096);
  CHECK_FALSE(windows.of("other/small"));
}

TEST_CASE("windows of too many models are not kept, but known ones can change", "[models]") {
  context_windows windows;
  for (std::size_t i = 0; i < context_windows::names_max; ++i)
    windows.learn("p/" + std::to_string(i), 1);
  windows.learn("p/more", 1);
  CHECK_FALSE(windows.of("p/more"));
  windows.learn("p/0", 2);
  CHECK(windows.of("p/0") == 2);
}

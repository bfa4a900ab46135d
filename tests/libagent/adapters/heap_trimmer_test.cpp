#include "libagent/adapters/heap_trimmer.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace libagent;

TEST_CASE("a request to trim is served by the trimmer's own thread", "[adapters][memory]") {
  heap_trimmer trimmer;
  CHECK(trimmer.done() == 0);
  trimmer.request();
  // Ends with the test's timeout when the thread never serves.
  while (trimmer.done() == 0)
    std::this_thread::yield();
  CHECK(trimmer.done() == 1);
}

TEST_CASE("a trimmer without requests ends at once", "[adapters][memory]") {
  const heap_trimmer trimmer;
  CHECK(trimmer.done() == 0);
}

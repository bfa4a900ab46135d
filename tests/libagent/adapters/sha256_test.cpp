#include "libagent/adapters/sha256.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("SHA-256 gives the digests of the standard's examples", "[keys]") {
  const auto of_abc = sha256("abc");
  CHECK(of_abc[0] == 0xBA);
  CHECK(of_abc[1] == 0x78);
  CHECK(of_abc[31] == 0xAD);
  CHECK(sha256("")[0] == 0xE3);
  CHECK(sha256("")[31] == 0x55);
}

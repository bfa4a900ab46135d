#include "libagent/cache/siphash.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <numeric>
#include <string>

using namespace libagent;

namespace {

// The key 00 01 .. 0f of the published vectors.
constexpr hash_key counting_key{0x0706050403020100U, 0x0F0E0D0C0B0A0908U};

std::string counting_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

template <class Hash>
std::uint64_t hash_at_once(std::string_view bytes) {
  return Hash{counting_key}.update(bytes).digest();
}

}  // namespace

TEST_CASE("SipHash-2-4 gives the published values", "[cache]") {
  // The paper's appendix, and lengths around the eight bytes of a word from the authors' vectors.
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(15)) == 0xA129CA6149BE45E5U);
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(0)) == 0x726FDB47DD0E0E31U);
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(1)) == 0x74F839C593DC67FDU);
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(7)) == 0xAB0200F58B01D137U);
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(8)) == 0x93F5F5799A932462U);
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(9)) == 0x9E0082DF0BA9E4B0U);
  CHECK(hash_at_once<siphash_2_4>(counting_bytes(63)) == 0x958A324CEB064572U);
}

TEST_CASE("SipHash-1-3 gives the values that its users agree on", "[cache]") {
  CHECK(hash_at_once<siphash_1_3>(counting_bytes(0)) == 0xABAC0158050FC4DCU);
  CHECK(hash_at_once<siphash_1_3>(counting_bytes(1)) == 0xC9F49BF37D57CA93U);
  CHECK(hash_at_once<siphash_1_3>(counting_bytes(7)) == 0xD3927D989BB11140U);
  CHECK(hash_at_once<siphash_1_3>(counting_bytes(8)) == 0x369095118D299A8EU);
  CHECK(hash_at_once<siphash_1_3>(counting_bytes(15)) == 0xD320D86D2A519956U);
  CHECK(hash_at_once<siphash_1_3>(counting_bytes(63)) == 0x9D199062B7BBB3A8U);
}

TEST_CASE("how the input is cut into pieces does not change a SipHash", "[cache]") {
  const auto bytes = counting_bytes(40);
  const auto whole = hash_at_once<siphash_2_4>(bytes);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      const auto pieces = siphash_2_4{counting_key}
                              .update(bytes.substr(0, first))
                              .update(bytes.substr(first, second - first))
                              .update(bytes.substr(second))
                              .digest();
      REQUIRE(pieces == whole);
    }
  }
}

TEST_CASE("a word goes into a SipHash as its eight bytes, the lowest first", "[cache]") {
  for (std::size_t before = 0; before < 9; ++before) {
    const auto start = counting_bytes(before);
    const std::string eight{"\x08\x07\x06\x05\x04\x03\x02\x01", 8};
    siphash_2_4 by_word{counting_key};
    by_word.update(start).update(std::uint64_t{0x0102030405060708U}).update("end");
    CHECK(by_word.digest() == hash_at_once<siphash_2_4>(start + eight + "end"));
  }
}

TEST_CASE("tenant and key are hashed apart, and differently under another secret", "[cache]") {
  const hash_key other{counting_key.k0, counting_key.k1 + 1};
  CHECK(hash_in_tenant(counting_key, "ab", "c") != hash_in_tenant(counting_key, "a", "bc"));
  CHECK(hash_in_tenant(counting_key, "", "abc") != hash_in_tenant(counting_key, "abc", ""));
  CHECK(hash_in_tenant(counting_key, "ab", "c") != hash_in_tenant(other, "ab", "c"));
}

TEST_CASE("an empty piece without an address changes no SipHash", "[cache]") {
  siphash_2_4 hash{counting_key};
  hash.update("abc").update(std::string_view{}).update("de");
  CHECK(hash.digest() == hash_at_once<siphash_2_4>("abcde"));
}

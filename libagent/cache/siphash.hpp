#pragma once

#include <cstdint>
#include <string_view>

namespace libagent {

/// A secret of 128 bits: who does not know it cannot choose keys that collide.
struct hash_key {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

/// SipHash (Aumasson, Bernstein 2012): a keyed hash of byte strings, here fed piece by piece.
///
/// `Compressions` rounds for every 8 bytes, `Finalizations` at the end. Thread safety: none.
template <int Compressions, int Finalizations>
class basic_siphash {
public:
  explicit basic_siphash(const hash_key& key)
      : v0_{key.k0 ^ 0x736F6D6570736575U},
        v1_{key.k1 ^ 0x646F72616E646F6DU},
        v2_{key.k0 ^ 0x6C7967656E657261U},
        v3_{key.k1 ^ 0x7465646279746573U} {}

  /// Appends bytes. How the input is cut into pieces does not change the hash.
  basic_siphash& update(std::string_view bytes);

  /// Appends the eight bytes of `word`, the lowest first.
  basic_siphash& update(std::uint64_t word);

  /// The hash of what was appended so far.
  [[nodiscard]] std::uint64_t digest() const;

private:
  void compress(std::uint64_t word);
  void round();

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
  std::uint64_t tail_ = 0;  // the bytes that do not fill a word yet, the first one lowest
  std::uint64_t length_ = 0;
};

extern template class basic_siphash<1, 3>;
extern template class basic_siphash<2, 4>;

/// The fast variant, for tables.
using siphash_1_3 = basic_siphash<1, 3>;
/// The conservative variant, as published.
using siphash_2_4 = basic_siphash<2, 4>;

/// The hash of a cache key within its tenant. The length goes in first, so that no pair of tenant
/// and key can be cut differently and give the same bytes.
[[nodiscard]] inline std::uint64_t hash_in_tenant(const hash_key& secret, std::string_view tenant,
                                                  std::string_view key) {
  siphash_1_3 hash{secret};
  hash.update(std::uint64_t{tenant.size()}).update(tenant).update(key);
  return hash.digest();
}

}  // namespace libagent

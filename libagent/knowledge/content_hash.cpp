#include "libagent/knowledge/content_hash.hpp"

#include <cstring>

namespace libagent {

std::uint64_t content_hash(std::string_view bytes) {
  // FNV-1a's idea over words of eight bytes, as indexing hashes every byte of a folder; the shift
  // carries high bits down, which a multiplication alone does not.
  constexpr std::uint64_t prime = 0x9E3779B97F4A7C15ULL;
  auto hash = 0xCBF29CE484222325ULL ^ bytes.size();
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * prime;
    hash ^= hash >> 32U;
  };
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    mix(word);
    bytes.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty())
    std::memcpy(&rest, bytes.data(), bytes.size());
  mix(rest);
  return hash;
}

}  // namespace libagent

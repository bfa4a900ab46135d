#include "libagent/adapters/sha256.hpp"

#include <openssl/sha.h>

namespace libagent {

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  std::array<std::uint8_t, 32> digest{};
  static_assert(SHA256_DIGEST_LENGTH == 32);
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace libagent

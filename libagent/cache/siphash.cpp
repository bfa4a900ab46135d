#include "libagent/cache/siphash.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace libagent {

namespace {

std::uint64_t little_endian_word(const char* bytes, std::size_t count) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, count);
  } else {
    for (std::size_t i = 0; i < count; ++i)
      word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

}  // namespace

template <int Compressions, int Finalizations>
void basic_siphash<Compressions, Finalizations>::round() {
  v0_ += v1_;
  v1_ = std::rotl(v1_, 13) ^ v0_;
  v0_ = std::rotl(v0_, 32);
  v2_ += v3_;
  v3_ = std::rotl(v3_, 16) ^ v2_;
  v0_ += v3_;
  v3_ = std::rotl(v3_, 21) ^ v0_;
  v2_ += v1_;
  v1_ = std::rotl(v1_, 17) ^ v2_;
  v2_ = std::rotl(v2_, 32);
}

template <int Compressions, int Finalizations>
void basic_siphash<Compressions, Finalizations>::compress(std::uint64_t word) {
  v3_ ^= word;
  for (int i = 0; i < Compressions; ++i)
    round();
  v0_ ^= word;
}

template <int Compressions, int Finalizations>
auto basic_siphash<Compressions, Finalizations>::update(std::string_view bytes) -> basic_siphash& {
  if (bytes.empty())
    return *this;  // an empty view may have no address to copy from
  const auto* at = bytes.data();
  auto left = bytes.size();
  if (const auto held = static_cast<std::size_t>(length_ % 8); held != 0) {
    const auto taken = std::min(left, 8 - held);
    tail_ |= little_endian_word(at, taken) << (8 * held);
    length_ += taken;
    at += taken;
    left -= taken;
    if (length_ % 8 != 0)
      return *this;
    compress(tail_);
    tail_ = 0;
  }
  length_ += left;
  for (; left >= 8; left -= 8, at += 8)
    compress(little_endian_word(at, 8));
  tail_ = left == 0 ? 0 : little_endian_word(at, left);
  return *this;
}

template <int Compressions, int Finalizations>
auto basic_siphash<Compressions, Finalizations>::update(std::uint64_t word) -> basic_siphash& {
  const auto held = static_cast<unsigned>(length_ % 8) * 8;
  length_ += 8;
  if (held == 0) {
    compress(word);
    return *this;
  }
  compress(tail_ | word << held);
  tail_ = word >> (64 - held);
  return *this;
}

template <int Compressions, int Finalizations>
std::uint64_t basic_siphash<Compressions, Finalizations>::digest() const {
  auto end = *this;
  end.compress(tail_ | length_ << 56U);
  end.v2_ ^= 0xFFU;
  for (int i = 0; i < Finalizations; ++i)
    end.round();
  return end.v0_ ^ end.v1_ ^ end.v2_ ^ end.v3_;
}

template class basic_siphash<1, 3>;
template class basic_siphash<2, 4>;

}  // namespace libagent

#include "libagent/adapters/database_log.hpp"

#include "libagent/adapters/kept_database.hpp"

#include <array>
#include <fstream>
#include <span>
#include <string>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t log_header_bytes = 32;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::uint32_t log_magic = 0x377F0682;  // the lowest bit: sums over big-endian words

std::uint32_t big_endian_at(std::span<const char> bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i)
    word = word << 8U | static_cast<unsigned char>(bytes[at + i]);
  return word;
}

std::uint32_t little_endian_at(std::span<const char> bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i-- > 0;)
    word = word << 8U | static_cast<unsigned char>(bytes[at + i]);
  return word;
}

/// The sum of the format: each frame goes on from that of the one before.
struct log_sum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void update(std::span<const char> bytes, bool is_big_endian) {
    const auto word = is_big_endian ? &big_endian_at : &little_endian_at;
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += word(bytes, at) + second;
      second += word(bytes, at + 4) + first;
    }
  }

  friend bool operator==(const log_sum&, const log_sum&) = default;
};

log_sum sum_at(std::span<const char> bytes, std::size_t at) {
  return {big_endian_at(bytes, at), big_endian_at(bytes, at + 4)};
}

/// Reads frames one after the other and counts the commits after the first bad one.
class log_reader {
public:
  explicit log_reader(const std::filesystem::path& log) : file_{log, std::ios::binary} {}

  std::uint64_t count() {
    if (!read_header())
      return 0;
    std::string frame(frame_header_bytes + page_bytes_, '\0');
    std::uint64_t lost = 0;
    bool is_sound = is_header_sound_;
    bool is_first = true;
    while (file_.read(frame.data(), static_cast<std::streamsize>(frame.size()))) {
      if (std::exchange(is_first, false) && !is_header_sound_)
        salts_ = {big_endian_at(frame, 8), big_endian_at(frame, 12)};
      const bool is_of_this_log =
          big_endian_at(frame, 8) == salts_[0] && big_endian_at(frame, 12) == salts_[1];
      is_sound = is_sound && is_of_this_log && fits(frame);
      const bool is_commit = big_endian_at(frame, 4) != 0;
      if (!is_sound && is_of_this_log && is_commit)
        ++lost;
    }
    return lost;
  }

private:
  bool read_header() {
    std::array<char, log_header_bytes> header{};
    if (!file_.read(header.data(), header.size()))
      return false;
    const auto magic = big_endian_at(header, 0);
    page_bytes_ = big_endian_at(header, 8);
    salts_ = {big_endian_at(header, 16), big_endian_at(header, 20)};
    is_big_endian_ = (magic & 1U) != 0;
    sum_.update(std::span{header}.first(24), is_big_endian_);
    is_header_sound_ = (magic & ~1U) == log_magic && sum_ == sum_at(header, 24);
    if (!is_header_sound_)
      page_bytes_ = database_page_bytes;  // all that follows is lost
    return true;
  }

  bool fits(std::span<const char> frame) {
    sum_.update(frame.first(8), is_big_endian_);
    sum_.update(frame.subspan(frame_header_bytes), is_big_endian_);
    return sum_ == sum_at(frame, 16);
  }

  std::ifstream file_;
  std::size_t page_bytes_ = 0;
  std::array<std::uint32_t, 2> salts_{};
  bool is_big_endian_ = false;
  bool is_header_sound_ = true;
  log_sum sum_;
};

}  // namespace

std::string first_page_in_log(const std::filesystem::path& log) {
  std::ifstream file{log, std::ios::binary};
  file.seekg(log_header_bytes);
  std::string frame(frame_header_bytes + database_page_bytes, '\0');
  std::string page;
  while (file.read(frame.data(), static_cast<std::streamsize>(frame.size()))) {
    if (big_endian_at(frame, 0) == 1)
      page = frame.substr(frame_header_bytes);
  }
  return page;
}

std::uint64_t unreadable_commits(const std::filesystem::path& log) {
  return log_reader{log}.count();
}

}  // namespace libagent

#include "libagent/adapters/error_lines.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t error_line_bytes_max = 1024;
constexpr std::size_t error_lines_max = 1000;

}  // namespace

error_lines::error_lines(line_taker taker)
    : taker_{std::move(taker)}, buffer_{error_line_bytes_max} {}

void error_lines::read_from(owned_descriptor end, std::string name) {
  end_ = std::move(end);
  name_ = std::move(name);
}

void error_lines::pass_on(const line_filter& heed) {
  std::array<char, 4096> bytes{};
  // Bounded, because a process may print faster than anybody reads.
  for (std::size_t turn = 0; turn < 16 && end_.is_open(); ++turn) {
    const auto got = ::read(end_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0) {
      if (auto rest = buffer_.take_rest(); !rest.empty())
        take(std::move(rest), heed);
      end_.reset();
      return;
    }
    buffer_.append({bytes.data(), static_cast<std::size_t>(got)});
    while (auto line = buffer_.next())
      take(*std::move(line), heed);
    if (buffer_.is_too_long())
      take(buffer_.take_rest(), heed);
  }
}

void error_lines::take(std::string line, const line_filter& heed) {
  line.resize(std::min(line.size(), error_line_bytes_max));
  if (heed && heed(line))
    return;
  const auto shown = shown_++;
  if (shown < error_lines_max)
    taker_(name_ + ": " + line);
  if (shown == error_lines_max)
    taker_(name_ + ": (more lines are not shown)");
  if (!line.empty())
    last_ = std::move(line);
}

void error_lines::begin_run() {
  shown_ = 0;
  last_.clear();
}

}  // namespace libagent

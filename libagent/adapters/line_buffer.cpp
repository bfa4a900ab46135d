#include "libagent/adapters/line_buffer.hpp"

#include <utility>

namespace libagent {

void line_buffer::append(std::string_view bytes) {
  if (start_ > 0) {
    text_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  text_.append(bytes);
}

std::optional<std::string> line_buffer::next() {
  const auto end = text_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = text_.size();
    return std::nullopt;
  }
  auto line = text_.substr(start_, end - start_);
  start_ = end + 1;
  scanned_ = start_;
  return line;
}

std::string line_buffer::take_rest() {
  auto rest = text_.substr(start_);
  text_.clear();
  start_ = 0;
  scanned_ = 0;
  return rest;
}

}  // namespace libagent

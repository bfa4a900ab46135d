#include "apps/lab/models/stream_reader.hpp"

#include <algorithm>
#include <charconv>

namespace libagent::lab {

namespace {

constexpr std::size_t shown_of_failure = 300;

bool is_text_event(std::string_view line) {
  constexpr std::string_view key = R"("content":")";
  const auto at = line.find(key);
  return at != std::string_view::npos && at + key.size() < line.size() &&
         line[at + key.size()] != '"';
}

}  // namespace

void stream_reader::restart() {
  part_ = part::head;
  line_.clear();
  events_.clear();
  left_ = 0;
  tokens_ = 0;
  said_done_ = false;
}

stream_reader::state stream_reader::take(std::string_view bytes) {
  auto now = state::reading;
  while (!bytes.empty() && now == state::reading)
    now = take_part(bytes);
  return now;
}

stream_reader::state stream_reader::take_part(std::string_view& bytes) {
  if (part_ == part::data) {
    take_data(bytes);
    return state::reading;
  }
  if (part_ == part::head)
    return take_head(bytes) || failure_.empty() ? state::reading : state::failed;
  return take_line(bytes) ? end_line() : state::reading;
}

/// A line around chunks is whole.
stream_reader::state stream_reader::end_line() {
  if (part_ == part::size)
    return begin_chunk() ? state::reading : state::failed;
  if (part_ == part::data_end) {
    part_ = part::size;
    return state::reading;
  }
  if (!said_done_)
    failure_ = "the stream ended without [DONE]: " + events_.substr(0, shown_of_failure);
  return said_done_ ? state::done : state::failed;
}

/// Whether it is whole and good; then the bytes behind it are left.
bool stream_reader::take_head(std::string_view& bytes) {
  const auto before = line_.size();
  line_.append(bytes);
  const auto end = line_.find("\r\n\r\n");
  if (end == std::string::npos) {
    bytes = {};
    return false;
  }
  if (!line_.starts_with("HTTP/1.1 200 ") || line_.find("chunked") > end) {
    failure_ = line_.substr(0, shown_of_failure);
    return false;
  }
  bytes.remove_prefix(end + 4 - before);
  line_.clear();
  part_ = part::size;
  return true;
}

/// Whether a line is whole; it is in `line_` until the next call.
bool stream_reader::take_line(std::string_view& bytes) {
  if (line_.ends_with('\n'))
    line_.clear();
  const auto end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
  line_.append(bytes.substr(0, end));
  bytes.remove_prefix(end);
  return line_.ends_with('\n');
}

bool stream_reader::begin_chunk() {
  const auto read = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
  if (read.ec != std::errc{}) {
    failure_ = "no size of a chunk: " + line_.substr(0, shown_of_failure);
    return false;
  }
  part_ = left_ == 0 ? part::trailer : part::data;
  return true;
}

void stream_reader::take_data(std::string_view& bytes) {
  const auto count = std::min(left_, bytes.size());
  events_.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  left_ -= count;
  if (left_ == 0)
    part_ = part::data_end;
  read_events();
}

void stream_reader::read_events() {
  std::size_t at = 0;
  for (auto end = events_.find('\n'); end != std::string::npos; end = events_.find('\n', at)) {
    const auto line = std::string_view{events_}.substr(at, end - at);
    if (is_text_event(line)) {
      ++tokens_;
    } else if (line.starts_with("data: [DONE]")) {
      said_done_ = true;
    }
    at = end + 1;
  }
  events_.erase(0, at);
}

}  // namespace libagent::lab

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace libagent::lab {

/// Reads a streamed chat completion from a connection: an HTTP/1.1 response whose body is chunked
/// and holds server-sent events. Knows just enough to count. Thread safety: none.
class stream_reader {
public:
  enum class state : std::uint8_t { reading, done, failed };

  /// What came next. With `done` the connection can be used again.
  state take(std::string_view bytes);

  /// Before the next response.
  void restart();

  /// Events with text in them so far.
  [[nodiscard]] std::uint64_t tokens() const { return tokens_; }

  /// Why it failed: the beginning of what came.
  [[nodiscard]] const std::string& failure() const { return failure_; }

private:
  enum class part : std::uint8_t { head, size, data, data_end, trailer };

  state take_part(std::string_view& bytes);
  state end_line();
  bool take_head(std::string_view& bytes);
  bool take_line(std::string_view& bytes);
  bool begin_chunk();
  void take_data(std::string_view& bytes);
  void read_events();

  part part_ = part::head;
  std::string line_;      // of the head, or around chunks
  std::size_t left_ = 0;  // of a chunk
  std::string events_;    // up to the last line that is not whole
  std::uint64_t tokens_ = 0;
  bool said_done_ = false;
  std::string failure_;
};

}  // namespace libagent::lab

#pragma once

#include "apps/lab/models/stub_options.hpp"
#include "apps/lab/models/stub_request.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent::lab {

/// Bytes of a body, and how long after the ones before them they go.
struct stub_piece {
  std::chrono::milliseconds after{0};
  std::string bytes;
};

/// What the connection does when the body is out.
enum class stub_ending : std::uint8_t { keeps, closes, stalls };

/// An HTTP response as it will be written.
struct stub_reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string headers;      ///< More of them, each with its CRLF.
  bool is_chunked = false;  ///< Each piece is a chunk; else their sum is the content's length.
  std::size_t announced_more = 0;  ///< Bytes that the length promises and that never come.
  std::vector<stub_piece> pieces;
  stub_ending ending = stub_ending::keeps;
};

/// The error object of the OpenAI API reference.
[[nodiscard]] stub_reply stub_error(int status, const std::string& type, const std::string& code,
                                    const std::string& message);

/// The text of so many tokens, in which letters of two, three and four bytes occur.
[[nodiscard]] std::string stub_text(std::uint32_t tokens);

/// What the stub answers to `request`, without a fault but for those that are in the text itself:
/// `wrong_finish`, `one_byte_arguments` and `bad_arguments`. `number` tells replies apart.
[[nodiscard]] stub_reply make_stub_reply(const stub_request& request, const stub_load& load,
                                         std::uint64_t number);

}  // namespace libagent::lab

#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/models/chat.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace libagent {

/// The body of `POST /v1/embeddings` (OpenAI API reference, Embeddings). Asks for base64, which is
/// a third of the size; servers that do not know it send numbers, which are read as well.
[[nodiscard]] std::string write_embedding_request(std::string_view model,
                                                  std::span<const std::string> inputs,
                                                  std::optional<std::uint32_t> dimensions);

/// What stands in a reply.
struct embedding_result {
  std::string model;
  std::vector<std::vector<float>> embeddings;  ///< In the order of the inputs.
  token_usage usage;

  friend bool operator==(const embedding_result&, const embedding_result&) = default;
};

/// Errors: errc::corrupt unless there is exactly one embedding, all of one size, for each of
/// `inputs` inputs; as `read_provider_error` for a body with an `error` in it.
[[nodiscard]] expected<embedding_result> read_embedding_reply(std::string_view body,
                                                              std::size_t inputs);

/// What a client of ours asks for.
struct embedding_request {
  std::string model;
  std::vector<std::string> inputs;
  std::optional<std::uint32_t> dimensions;
  bool base64 = false;
  std::string user;

  friend bool operator==(const embedding_request&, const embedding_request&) = default;
};

struct embedding_request_limits {
  std::size_t body_bytes_max = 8U << 20U;
  std::size_t inputs_max = 2'048;
};

/// Reads the body of a request, or says what is wrong with it. Inputs that are tokens are refused.
[[nodiscard]] std::variant<embedding_request, http_error> read_embedding_request(
    std::string_view body, const embedding_request_limits& limits = {});

/// The body of a reply.
[[nodiscard]] std::string write_embedding_reply(const embedding_result& result, bool base64);

}  // namespace libagent

#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_headers.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/ports/web_client.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace libagent {

/// What answers at the other end; they differ in the fields that they take and in what they tell
/// of themselves.
enum class openai_server_kind : std::uint8_t { openai, llama_cpp, ollama, vllm };

template <>
struct enum_names<openai_server_kind> {
  static constexpr std::array<std::pair<openai_server_kind, std::string_view>, 4> values{
      {{openai_server_kind::openai, "openai"},
       {openai_server_kind::llama_cpp, "llama_cpp"},
       {openai_server_kind::ollama, "ollama"},
       {openai_server_kind::vllm, "vllm"}}};
};

struct openai_model_settings {
  std::string base_url;  ///< With the version: `http://127.0.0.1:8080/v1`.
  openai_server_kind kind = openai_server_kind::openai;
  std::string api_key;       ///< Empty: none is sent. Appears in no error.
  std::string organisation;  ///< `OpenAI-Organization`; empty: none.
  std::string project;       ///< `OpenAI-Project`; empty: none.
  http_headers headers;      ///< Sent as well.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{120'000};  ///< Reading a long prompt takes time.
  std::chrono::milliseconds idle_timeout{60'000};         ///< Between two pieces of a stream.
  std::chrono::milliseconds timeout{600'000};             ///< For a whole call.
  std::size_t reply_bytes_max = 16U << 20U;               ///< On the wire.
};

/// A chat model behind the chat completions API of OpenAI, which llama.cpp's server, Ollama and
/// vLLM speak too.
///
/// Always asks for a stream, so that a cut or a cancelled call costs no more than what was written,
/// and a stalled server is told from one that thinks. Takes a whole JSON reply too. The client
/// must outlive the calls under way.
class openai_model final : public chat_model, public std::enable_shared_from_this<openai_model> {
public:
  /// Errors: `invalid_argument` for settings that cannot work: a URL that is none or has a
  /// user or a query, a key with spaces or line ends.
  [[nodiscard]] static expected<std::shared_ptr<openai_model>> make(openai_model_settings settings,
                                                                    web_client_ptr client);

  void start(chat_call call) override;
  void start(embedding_call call) override;

  /// llama.cpp: slots and their window from `/slots`, or from `/props` where that is off. Others:
  /// the window, where `/v1/models` tells one (vLLM's `max_model_len`).
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;
};

}  // namespace libagent

#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_headers.hpp"
#include "libagent/models/provider_settings.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/ports/web_client.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace libagent {

struct openai_model_settings {
  std::string base_url;  ///< With the version: `http://127.0.0.1:8080/v1`.
  provider_kind kind = provider_kind::openai;
  std::string api_key;  ///< Empty: none is sent. Appears in no error. Outer blanks are cut off.
  std::string organisation;  ///< `OpenAI-Organization`; empty: none.
  std::string project;       ///< `OpenAI-Project`; empty: none.
  http_headers headers;      ///< Sent as well; they count more than ours of the same name.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{120'000};  ///< Reading a long prompt takes time.
  std::chrono::milliseconds idle_timeout{60'000};         ///< Between two pieces of a stream.
  std::chrono::milliseconds timeout{600'000};             ///< For a whole call.
  std::size_t reply_bytes_max = 16U << 20U;               ///< On the wire.
};

/// As a provider is configured, with its key from where the configuration says.
/// Errors: `invalid_argument` for a header that cannot be sent, without its value.
[[nodiscard]] expected<openai_model_settings> openai_settings_of(const provider_settings& provider,
                                                                 std::string api_key);

/// A chat model behind the chat completions API of OpenAI, which llama.cpp's server, Ollama and
/// vLLM speak too.
///
/// Always asks for a stream, so that a cut or a cancelled call costs no more than what was written,
/// and a stalled server is told from one that thinks. Takes a whole JSON reply too. A call ends
/// with its last event, whether or not the server ends its answer then. A server that does not
/// connect, begin or go on in time is `unavailable`; `deadline_exceeded` is for the time of the
/// whole call. The trace of a call goes with it as `traceparent`.
class openai_model final : public chat_model {
public:
  /// Errors: `invalid_argument` for settings that cannot work: a URL that is none or has a user or
  /// a query, a key with blanks or line ends inside. @pre `client` is not null.
  [[nodiscard]] static expected<std::shared_ptr<openai_model>> make(openai_model_settings settings,
                                                                    web_client_ptr client);

  void start(chat_call call) override;
  void start(embedding_call call) override;

  /// llama.cpp: slots and their window from `/props`, what is missing there from `/slots`. Others:
  /// the window, where `/models` tells one and the same for all (vLLM's `max_model_len`).
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;

private:
  struct made_by_make {};

public:
  openai_model(made_by_make, openai_model_settings settings, web_client_ptr client);

private:
  [[nodiscard]] web_call request(std::string method, std::string url) const;

  openai_model_settings settings_;
  http_headers headers_;
  web_client_ptr client_;
  std::atomic<std::uint64_t> next_seed_;
};

}  // namespace libagent

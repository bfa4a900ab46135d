#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/model_price.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/circuit_breaker.hpp"
#include "libagent/tasks/retry_policy.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

inline constexpr std::size_t providers_max = 64;
inline constexpr std::size_t models_per_provider_max = 256;
/// Calls at a time of a provider that does not say, and whose settings do not either.
inline constexpr std::uint32_t calls_default = 4;

/// What sort of server a provider is. All but the last speak OpenAI's wire format.
enum class provider_kind : std::uint8_t {
  openai,
  llama_cpp,  ///< Also tells its slots and its window.
  ollama,
  vllm,
  embedded,  ///< Lives in this process and has no address.
};

template <>
struct enum_names<provider_kind> {
  static constexpr std::array<std::pair<provider_kind, std::string_view>, 5> values{
      {{provider_kind::openai, "openai"},
       {provider_kind::llama_cpp, "llama_cpp"},
       {provider_kind::ollama, "ollama"},
       {provider_kind::vllm, "vllm"},
       {provider_kind::embedded, "embedded"}}};
};

/// One model that a provider serves.
struct model_settings {
  std::string name;                  ///< As the provider calls it.
  std::vector<std::string> aliases;  ///< Other names that orders may use.
  model_price price;
  std::uint64_t context_tokens = 0;        ///< Window; 0: what the provider says.
  std::uint32_t reply_tokens_max = 4'096;  ///< Reserved for a reply whose order has no limit.
};

template <class Inspector>
bool inspect(Inspector& f, model_settings& x) {
  return record(
      f, x, "model_settings", field("name", "As the provider calls it.", x.name).max_size(256),
      field("aliases", "Other names that it can be ordered by.", x.aliases)
          .max_size(16)
          .fallback(std::vector<std::string>{}),
      field("price", "What tokens cost; default: nothing.", x.price).fallback(model_price{}),
      field("context_tokens", "Window in tokens; 0: what the provider says.", x.context_tokens)
          .range(0, 100'000'000)
          .fallback(std::uint64_t{0}),
      field("reply_tokens_max",
            "Reserved for a reply without a limit, and its limit if a budget applies.",
            x.reply_tokens_max)
          .range(1, 10'000'000)
          .fallback(4'096U));
}

struct provider_timeouts {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds first_byte{300'000};  ///< Reading a long prompt takes a while.
  std::chrono::milliseconds between_chunks{60'000};
  std::chrono::milliseconds total{600'000};  ///< Of one attempt.
};

template <class Inspector>
bool inspect(Inspector& f, provider_timeouts& x) {
  const provider_timeouts usual;
  return record(
      f, x, "provider_timeouts",
      field("connect_ms", "To open a connection.", x.connect).fallback(usual.connect),
      field("first_byte_ms", "Until the answer begins.", x.first_byte).fallback(usual.first_byte),
      field("between_chunks_ms", "Between pieces of a streamed answer.", x.between_chunks)
          .fallback(usual.between_chunks),
      field("total_ms", "For one attempt.", x.total).fallback(usual.total));
}

/// As people write it; `retries_tool_failed` is about tools only.
template <class Inspector>
bool inspect(Inspector& f, retry_policy& x) {
  return record(
      f, x, "retry_policy",
      field("attempts_max", "Sent so often at most; 1: never again.", x.attempts_max)
          .range(1, 10)
          .fallback(3U),
      field("base_ms", "Bound of the first random wait, doubled each time.", x.base)
          .fallback(std::chrono::milliseconds{500}),
      field("cap_ms", "Longest random wait.", x.cap).fallback(std::chrono::milliseconds{8'000}));
}

template <class Inspector>
bool inspect(Inspector& f, breaker_limits& x) {
  const breaker_limits usual;
  return record(f, x, "breaker_limits",
                field("failures_in_a_row", "So many open it.", x.failures_in_a_row)
                    .range(1, 1'000)
                    .fallback(std::uint32_t{usual.failures_in_a_row}),
                field("window", "Or half of the last so many.", x.window)
                    .range(1, 64)
                    .fallback(std::uint32_t{usual.window}),
                field("pause_ms", "Until a call may try again.", x.pause).fallback(usual.pause),
                field("pause_max_ms", "Longest pause, as each failed try doubles it.", x.pause_max)
                    .fallback(usual.pause_max));
}

/// A model server and how it is to be treated.
struct provider_settings {
  std::string name;  ///< `[a-z0-9_-]{1,64}`; orders name it.
  provider_kind kind = provider_kind::openai;
  std::string url;                             ///< With its version, `http://127.0.0.1:8080/v1`.
  std::string api_key_env;                     ///< Variable that holds the key; empty: none.
  std::string api_key_file;                    ///< File that holds the key; empty: none.
  std::map<std::string, std::string> headers;  ///< Sent with each request.
  std::vector<model_settings> models;          ///< Empty: any name is passed on.
  std::uint32_t calls_max = 0;                 ///< At a time; 0: what the provider says, else 4.
  std::uint32_t queue_max = 1'000;
  std::chrono::milliseconds queue_age_max{60'000};
  provider_timeouts timeouts;
  /// Not allowed. Only here so that a key in a file gets an error that says so.
  std::optional<raw_json> api_key;
  retry_policy retry{.attempts_max = 3,
                     .base = std::chrono::milliseconds{500},
                     .cap = std::chrono::milliseconds{8'000}};
  breaker_limits breaker;
};

template <class Inspector>
bool inspect(Inspector& f, provider_settings& x) {
  const provider_settings usual;
  return record(
      f, x, "provider_settings", field("name", "What orders call it.", x.name).max_size(64),
      field("kind", "Sort of server.", x.kind).fallback(provider_kind::openai),
      field("url", "Address with its version, as in http://127.0.0.1:8080/v1.", x.url)
          .max_size(2'048)
          .fallback(std::string{}),
      field("api_key_env", "Environment variable that holds the key.", x.api_key_env)
          .max_size(256)
          .fallback(std::string{}),
      field("api_key_file", "File that holds the key.", x.api_key_file)
          .max_size(4'096)
          .fallback(std::string{}),
      field("api_key", "Not allowed: use api_key_env or api_key_file.", x.api_key),
      field("headers", "Sent with each request; no keys.", x.headers)
          .max_size(32)
          .fallback(std::map<std::string, std::string>{}),
      field("models", "What it serves; empty: any name is passed on.", x.models)
          .max_size(models_per_provider_max)
          .fallback(std::vector<model_settings>{}),
      field("calls_max", "Calls at a time; 0: what the provider says, else 4.", x.calls_max)
          .range(0, 100'000)
          .fallback(0U),
      field("queue_max", "Calls that may wait.", x.queue_max)
          .range(0, 1'000'000)
          .fallback(std::uint32_t{usual.queue_max}),
      field("queue_age_max_ms", "How long a call may wait.", x.queue_age_max)
          .fallback(usual.queue_age_max),
      field("timeouts", "Of one attempt.", x.timeouts).fallback(provider_timeouts{}),
      field("retry", "When a call is sent again.", x.retry).fallback(usual.retry),
      field("breaker", "When the provider is left alone for a while.", x.breaker)
          .fallback(breaker_limits{}));
}

/// The providers that a node may call. Kept as JSON, for example in `configs/models.json`:
///
///     {"providers": [{"name": "local", "kind": "llama_cpp", "url": "http://127.0.0.1:8080/v1"},
///                    {"name": "openai", "url": "https://api.openai.com/v1",
///                     "api_key_env": "OPENAI_API_KEY",
///                     "models": [{"name": "gpt-4o-mini", "aliases": ["small"],
///                                 "price": {"input": 0.15, "cached": 0.075, "output": 0.6}}]}]}
struct models_file {
  std::optional<std::string> schema;  ///< `$schema`, for editors.
  std::vector<provider_settings> providers;
};

template <class Inspector>
bool inspect(Inspector& f, models_file& x) {
  return record(f, x, "models_file", field("$schema", "For editors.", x.schema),
                field("providers", "Model servers.", x.providers).max_size(providers_max));
}

/// Reads and checks such a file. A key in it is refused, and the error does not repeat it.
/// Errors: `invalid_argument`, `too_large`; the context has the place and what would be right.
[[nodiscard]] expected<models_file> read_models_file(std::string_view text);

/// Checks what the types cannot say: names, addresses, names that are used twice, bounds that
/// contradict each other. Errors: `invalid_argument`, naming provider and field.
[[nodiscard]] expected<void> check(const models_file& config);

/// The JSON Schema of such a file.
[[nodiscard]] std::string models_file_schema();

}  // namespace libagent

#pragma once

#include "libagent/base/expected.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Of `GET /props` of llama.cpp's server: how much it takes (its README, "GET /props").
struct llama_props {
  std::optional<std::uint32_t> slots;           ///< Calls that it serves at a time.
  std::optional<std::uint64_t> context_tokens;  ///< Window of one slot.
  std::string model_path;
  bool is_sleeping = false;

  friend bool operator==(const llama_props&, const llama_props&) = default;
};

/// Errors: errc::corrupt for what is no JSON object.
[[nodiscard]] expected<llama_props> read_llama_props(std::string_view body);

/// One of `GET /slots`.
struct llama_slot {
  std::uint64_t id = 0;
  std::optional<std::uint64_t> context_tokens;
  bool is_processing = false;

  friend bool operator==(const llama_slot&, const llama_slot&) = default;
};

/// Errors: errc::corrupt for what is no JSON array of objects. At most 4,096 are read.
[[nodiscard]] expected<std::vector<llama_slot>> read_llama_slots(std::string_view body);

/// One of `GET /v1/models`.
struct model_entry {
  std::string id;
  std::int64_t created = 0;  ///< Seconds since 1970.
  std::string owned_by = "libagent";
  /// Its window, from servers that say: llama.cpp's `meta.n_ctx`, vLLM's `max_model_len` and
  /// OpenRouter's `context_length`. Not written.
  std::optional<std::uint64_t> context_tokens;

  friend bool operator==(const model_entry&, const model_entry&) = default;
};

/// Errors: errc::corrupt for what is no list of models. At most 10,000 are read.
[[nodiscard]] expected<std::vector<model_entry>> read_models(std::string_view body);

/// The bodies of `GET /v1/models` and `GET /v1/models/{id}`.
[[nodiscard]] std::string write_models(const std::vector<model_entry>& models);
[[nodiscard]] std::string write_model(const model_entry& model);

}  // namespace libagent

#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/json_parse.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace libagent {

/// Goes into every key. Raise it with each change of how keys are made or of what the stored
/// values mean: older entries are then never found again.
inline constexpr std::uint32_t cache_key_version = 1;

/// Members of a chat request that cannot change its answer and are left out of its key. All else
/// is in it, also what this program has never heard of: a list of what matters would be incomplete
/// one day and serve wrong answers, this list only loses hits.
inline constexpr std::array<std::string_view, 11> chat_key_exclusions{
    "model",                   // replaced by the resolved one
    "stream",                  // how the answer is delivered
    "stream_options",          //
    "user",                    // who asks: tenants are apart already
    "safety_identifier",       //
    "metadata",                // labels for the provider's records
    "store",                   // whether the provider keeps a record
    "service_tier",            // how soon, at what price
    "prompt_cache_key",        // where the provider looks for a common prefix
    "prompt_cache_retention",  //
    "request_id",
};

/// What makes the answers of a tool.
struct tool_key_facts {
  std::string_view name;
  /// Changes with what the tool computes: its version, or a digest of its schemas.
  std::string_view version;
  std::string_view arguments_json;
};

/// What makes the answers of a model.
struct chat_key_facts {
  /// The request as it is sent, after aliases and defaults of ours were applied to it. An option
  /// that is left out is not the same as one given its default, which is the provider's to change.
  std::string_view request_json;
  /// The model that answers, with its version if known; not an alias.
  std::string_view resolved_model;
  std::span<const std::string_view> exclusions = chat_key_exclusions;
};

/// A key that two calls share exactly when their answers are interchangeable: the same version of
/// the same tool with the same arguments (`canonical_json`), and the same version of keys.
///
/// The key is readable JSON of about the size of the arguments, and says all: a cache that compares
/// keys in full cannot mix up answers. The tenant is not part of it, as tenants never share tables.
/// Errors: as `with_parsed_json`; also `errc::invalid_argument` for a name or version that is not
/// UTF-8.
[[nodiscard]] expected<std::string> tool_cache_key(const tool_key_facts& facts,
                                                   const json_limits& limits = {});

/// The same for chat requests. Errors: also `errc::invalid_argument` when the request is not an
/// object or the model is empty.
[[nodiscard]] expected<std::string> chat_cache_key(const chat_key_facts& facts,
                                                   const json_limits& limits = {});

}  // namespace libagent

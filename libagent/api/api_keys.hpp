#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/http/http_request.hpp"
#include "libagent/http/http_response.hpp"
#include "libagent/models/usage_ledger.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/task.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace libagent {

using sha256_digest = std::array<std::uint8_t, 32>;

/// One key of a keys file. The key itself is said in one of three ways; only the last two need it
/// in the clear, and none of them in the file.
struct api_key_entry {
  std::string name;                       ///< Of the client that has it: `[A-Za-z0-9_.-]{1,64}`.
  std::optional<std::string> key_sha256;  ///< 64 hexadecimal digits.
  std::optional<std::string> key_env;     ///< The environment variable that holds it.
  std::optional<std::string> key_file;    ///< The file that holds it.
  std::uint32_t requests_per_minute = 0;  ///< 0: no limit.
  std::uint64_t tokens_per_day = 0;       ///< 0: no limit.
  std::uint64_t cost_per_day_micro = 0;   ///< Millionths of the prices' currency; 0: no limit.
  /// Empty: everything. Else these agents only, and nothing but models, chat and sessions.
  std::vector<std::string> agents;
  std::optional<criticality> level;  ///< Of its requests, unless they say otherwise.
};

template <class Inspector>
bool inspect(Inspector& f, api_key_entry& x) {
  return record(
      f, x, "api_key", field("name", "Whose key it is.", x.name).max_size(64),
      field("key_sha256", "The key's SHA-256 in hexadecimal.", x.key_sha256).max_size(64),
      field("key_env", "Environment variable that holds the key.", x.key_env).max_size(256),
      field("key_file", "File that holds the key.", x.key_file).max_size(4'096),
      field("requests_per_minute", "0: no limit.", x.requests_per_minute)
          .range(0, 1'000'000)
          .fallback(std::uint32_t{0}),
      field("tokens_per_day", "Of models, read and written; 0: no limit.", x.tokens_per_day)
          .fallback(std::uint64_t{0}),
      field("cost_per_day_micro", "Millionths of the currency; 0: no limit.", x.cost_per_day_micro)
          .fallback(std::uint64_t{0}),
      field("agents", "Those that it may ask; empty: all, and the rest of the API.", x.agents)
          .max_size(256)
          .fallback(std::vector<std::string>{}),
      field("criticality", "How much its requests matter.", x.level));
}

/// A keys file.
struct api_keys_file {
  std::vector<api_key_entry> keys;
};

template <class Inspector>
bool inspect(Inspector& f, api_keys_file& x) {
  return record(f, x, "api_keys",
                field("keys", "Whoever may use the HTTP interface.", x.keys).max_size(10'000));
}

/// What reading keys takes from outside.
struct key_sources {
  std::function<sha256_digest(std::string_view)> sha256;
  /// Empty when there is no such variable.
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::function<expected<std::string>(const std::string&)> file;
};

/// Who sends a request, and what it may do.
struct api_caller {
  std::string client;                        ///< The key's name, or what `client_name` says.
  std::shared_ptr<const api_key_entry> key;  ///< Null: there are no keys.

  /// Whether it may use nothing but some agents.
  [[nodiscard]] bool is_restricted() const { return key && !key->agents.empty(); }

  [[nodiscard]] bool may_ask(std::string_view agent) const;
};

/// The keys that open the HTTP interface.
///
/// A key is found by its SHA-256, which is compared with all of them in a time that does not depend
/// on what it is. Thread safety: any thread. Blocking: never.
class api_keys {
public:
  /// Reads a keys file: `{"keys":[{"name":...,"key_sha256":...}]}`. Keys from the environment and
  /// from files have at least 16 characters; blanks around them do not count.
  ///
  /// Errors: `invalid_argument`, naming the entry and what is wrong, never a key; what `file` says.
  /// @pre No member of `sources` is empty.
  [[nodiscard]] static expected<std::shared_ptr<api_keys>> read(std::string_view text,
                                                                const key_sources& sources);

  api_keys(const api_keys&) = delete;
  api_keys& operator=(const api_keys&) = delete;
  ~api_keys();

  /// Who sends `request`, by `Authorization: Bearer KEY` or `x-api-key: KEY`, or the refusal: 401
  /// without a known key, 429 with Retry-After beyond its requests in a minute.
  /// @pre `now` is on the clock of the calls before.
  [[nodiscard]] std::variant<api_caller, http_response> admit(const http_request& request,
                                                              time_point now);

  /// What a client may spend in a day; 0: no limit, also of one that has no key.
  [[nodiscard]] usage_amount budget_of(std::string_view client) const;

  [[nodiscard]] std::size_t size() const;

private:
  struct held_key;
  explicit api_keys(const key_sources& sources);

  expected<void> add(api_key_entry entry, const key_sources& sources);
  [[nodiscard]] held_key* find(const sha256_digest& digest);

  std::function<sha256_digest(std::string_view)> sha256_;
  std::vector<std::unique_ptr<held_key>> keys_;
};

/// 403 for a caller whose key is known and may not do this; `what` ends "the key NAME may not ...".
[[nodiscard]] http_response forbidden(const api_caller& caller, std::string_view what);

}  // namespace libagent

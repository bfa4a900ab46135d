#include "libagent/api/api_keys.hpp"

#include "libagent/api/request_meter.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace libagent {

struct api_keys::held_key {
  held_key(api_key_entry entry, const sha256_digest& its_digest)
      : rules{std::make_shared<const api_key_entry>(std::move(entry))},
        digest{its_digest},
        meter{rules->requests_per_minute} {}

  const std::shared_ptr<const api_key_entry> rules;
  const sha256_digest digest;
  std::mutex mutex;     ///< Guards the one below.
  request_meter meter;  ///< Of requests in a minute.
};

namespace {

constexpr std::size_t key_bytes_min = 16;
constexpr std::size_t key_bytes_max = 4'096;
constexpr std::size_t key_name_bytes_max = 64;

error bad_key(const api_key_entry& entry, std::string_view why) {
  return {errc::invalid_argument,
          "read the API key " + quoted_excerpt(entry.name) + ": " + std::string{why}};
}

bool is_key_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= key_name_bytes_max && std::ranges::all_of(name, fits);
}

/// Its value; 16 for anything else.
unsigned hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f')
    return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F')
    return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

std::optional<sha256_digest> digest_from_hex(std::string_view text) {
  sha256_digest digest{};
  if (text.size() != 2 * digest.size())
    return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (high > 15 || low > 15)
      return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return digest;
}

std::string_view without_space_around(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// Looks at every byte, whatever the ones before were.
bool same_digest(const sha256_digest& a, const sha256_digest& b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

expected<sha256_digest> digest_of_clear(const api_key_entry& entry, std::string_view clear,
                                        const key_sources& sources) {
  const auto key = without_space_around(clear);
  if (key.size() < key_bytes_min || key.size() > key_bytes_max) {
    return bad_key(entry, "a key has " + std::to_string(key_bytes_min) + " to " +
                              std::to_string(key_bytes_max) + " characters, this one has " +
                              std::to_string(key.size()));
  }
  return sources.sha256(key);
}

expected<sha256_digest> digest_of(const api_key_entry& entry, const key_sources& sources) {
  if (entry.key_sha256) {
    if (const auto digest = digest_from_hex(*entry.key_sha256))
      return *digest;
    return bad_key(entry, "key_sha256 is 64 hexadecimal digits");
  }
  if (entry.key_env) {
    const auto value = sources.environment(*entry.key_env);
    if (!value) {
      return bad_key(
          entry, "the environment has no variable " + quoted_excerpt(*entry.key_env) + ", key_env");
    }
    return digest_of_clear(entry, *value, sources);
  }
  const auto content = sources.file(*entry.key_file);
  if (!content)
    return bad_key(entry, content.error().context);
  return digest_of_clear(entry, *content, sources);
}

expected<void> check_entry(const api_key_entry& entry) {
  if (!is_key_name(entry.name))
    return bad_key(entry, "a name is 1 to 64 of A-Z a-z 0-9 _ - .");
  const int said = static_cast<int>(entry.key_sha256.has_value()) +
                   static_cast<int>(entry.key_env.has_value()) +
                   static_cast<int>(entry.key_file.has_value());
  if (said != 1)
    return bad_key(entry, "give one of key_sha256, key_env and key_file");
  return {};
}

/// What the request says is its key; empty when it says none.
std::string_view presented_key(const http_request& request) {
  constexpr std::string_view scheme = "bearer ";
  if (const auto given = request.headers.find("Authorization")) {
    if (given->size() > scheme.size() &&
        same_header_name(given->substr(0, scheme.size() - 1), scheme.substr(0, scheme.size() - 1)))
      return without_space_around(given->substr(scheme.size() - 1));
    return {};
  }
  return without_space_around(request.headers.find("x-api-key").value_or(""));
}

http_response unauthenticated(std::string message, const char* challenge) {
  auto reply = error_response(http_error{.status = 401,
                                         .message = std::move(message),
                                         .type = "authentication_error",
                                         .code = "invalid_api_key",
                                         .param = {}});
  reply.headers.set("WWW-Authenticate", challenge);
  return reply;
}

}  // namespace

bool api_caller::may_ask(std::string_view agent) const {
  return !is_restricted() || std::ranges::find(key->agents, agent) != key->agents.end();
}

api_keys::api_keys(const key_sources& sources) : sha256_{sources.sha256} {}

api_keys::~api_keys() = default;

std::size_t api_keys::size() const {
  return keys_.size();
}

usage_amount api_keys::budget_of(std::string_view client) const {
  for (const auto& key : keys_) {
    if (key->rules->name == client)
      return {.cost_micro = key->rules->cost_per_day_micro, .tokens = key->rules->tokens_per_day};
  }
  return {};
}

expected<std::shared_ptr<api_keys>> api_keys::read(std::string_view text,
                                                   const key_sources& sources) {
  LIBAGENT_EXPECTS(sources.sha256 && sources.environment && sources.file);
  auto file = from_json<api_keys_file>(text);
  if (!file)
    return error{file.error().code, "read the API keys: " + file.error().context};
  if (file->keys.empty())
    return error{errc::invalid_argument, "read the API keys: /keys: there is none"};
  std::shared_ptr<api_keys> all{new api_keys{sources}};
  for (auto& entry : file->keys) {
    if (const auto added = all->add(std::move(entry), sources); !added)
      return added.error();
  }
  return all;
}

expected<void> api_keys::add(api_key_entry entry, const key_sources& sources) {
  if (auto checked = check_entry(entry); !checked)
    return checked;
  const auto digest = digest_of(entry, sources);
  if (!digest)
    return digest.error();
  if (const auto* same = find(*digest))
    return bad_key(entry, "it is the key of " + quoted_excerpt(same->rules->name) + " too");
  const auto has_its_name = [&entry](const auto& other) {
    return other->rules->name == entry.name;
  };
  if (std::ranges::any_of(keys_, has_its_name))
    return bad_key(entry, "another one has this name");
  keys_.push_back(std::make_unique<held_key>(std::move(entry), *digest));
  return {};
}

api_keys::held_key* api_keys::find(const sha256_digest& digest) {
  held_key* found = nullptr;
  // To the end, so that the time does not tell which one it was.
  for (const auto& key : keys_) {
    if (same_digest(key->digest, digest))
      found = key.get();
  }
  return found;
}

std::variant<api_caller, http_response> api_keys::admit(const http_request& request,
                                                        time_point now) {
  const auto key = presented_key(request);
  if (key.empty()) {
    return unauthenticated(
        "this server wants an API key: send the header Authorization: Bearer KEY", "Bearer");
  }
  auto* known = key.size() > key_bytes_max ? nullptr : find(sha256_(key));
  if (known == nullptr) {
    return unauthenticated("the API key is not one of this server's",
                           R"(Bearer error="invalid_token")");
  }
  std::optional<duration> wait;
  {
    const std::lock_guard guard{known->mutex};
    wait = known->meter.take(now);
  }
  if (wait) {
    return error_response(rate_limited("the key " + known->rules->name + " has used its " +
                                           std::to_string(known->rules->requests_per_minute) +
                                           " requests a minute",
                                       std::chrono::ceil<std::chrono::milliseconds>(*wait)));
  }
  return api_caller{.client = known->rules->name, .key = known->rules};
}

http_response forbidden(const api_caller& caller, std::string_view what) {
  return error_response(http_error{.status = 403,
                                   .message = "the key " +
                                              (caller.key ? caller.key->name : caller.client) +
                                              " may not " + std::string{what},
                                   .type = "permission_error",
                                   .code = to_string(errc::permission_denied),
                                   .param = {}});
}

}  // namespace libagent

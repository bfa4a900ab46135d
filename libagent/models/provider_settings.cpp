#include "libagent/models/provider_settings.hpp"

#include "libagent/base/text.hpp"
#include "libagent/record/json.hpp"
#include "libagent/record/json_schema.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace libagent {

namespace {

bool is_lower_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_variable_name(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && !is_digit(text.front()) && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
  });
}

/// Keys of the common providers begin so.
bool looks_like_key(std::string_view text) {
  constexpr std::array<std::string_view, 3> starts{"sk-", "sk_", "Bearer "};
  return std::ranges::any_of(starts, [text](auto start) { return text.starts_with(start); });
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c != '\x7f'; });
}

bool is_key_header(std::string_view name) {
  constexpr std::array<std::string_view, 4> names{"authorization", "proxy-authorization",
                                                  "x-api-key", "api-key"};
  std::string lower{name};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::find(names, lower) != names.end();
}

constexpr std::string_view instead_of_a_key =
    "name an environment variable in api_key_env or a file in api_key_file instead";

/// Collects the first thing that is wrong with one provider.
class provider_check {
public:
  explicit provider_check(const provider_settings& settings) : x_{&settings} {}

  expected<void> run() {
    name();
    keys();
    address();
    headers();
    limits();
    models();
    if (failure_)
      return *failure_;
    return {};
  }

private:
  void require(bool holds, std::string_view field, std::string_view why) {
    if (holds || failure_)
      return;
    failure_ = error{errc::invalid_argument, "provider " + quoted_excerpt(x_->name) + ", " +
                                                 std::string{field} + ": " + std::string{why}};
  }

  void name() {
    require(is_lower_name(x_->name), "name", "expected a-z, 0-9, _ and - only");
    require(x_->name.size() <= 64, "name", "at most 64 characters");
  }

  // What may be a key is not repeated.
  void keys() {
    require(!x_->api_key, "api_key",
            std::string{"keys do not belong in this file; "}.append(instead_of_a_key));
    const auto& variable = x_->api_key_env;
    require(variable.empty() || is_variable_name(variable), "api_key_env",
            "expected the name of an environment variable (letters, digits and _), not a key");
    require(!looks_like_key(variable) && !looks_like_key(x_->api_key_file), "api_key_file",
            std::string{"this looks like a key; "}.append(instead_of_a_key));
    require(variable.empty() || x_->api_key_file.empty(), "api_key_file",
            "api_key_env is set as well, give only one of them");
  }

  void address() {
    if (x_->kind == provider_kind::embedded)
      return require(x_->url.empty(), "url", "an embedded provider has no address");
    require(x_->url.starts_with("http://") || x_->url.starts_with("https://"), "url",
            "expected http://... or https://...");
    require(is_printable(x_->url) && x_->url.find(' ') == std::string::npos, "url",
            "no spaces or control characters");
    const auto host = x_->url.find("://") == std::string::npos ? 0 : x_->url.find("://") + 3;
    const auto authority = x_->url.substr(host, x_->url.find_first_of("/?#", host) - host);
    require(!authority.empty(), "url", "expected a host");
    require(authority.find('@') == std::string::npos, "url",
            std::string{"no user or password; "}.append(instead_of_a_key));
    require(x_->url.find_first_of("?#") == std::string::npos, "url", "no query and no fragment");
  }

  void headers() {
    for (const auto& [header, value] : x_->headers) {
      require(!is_key_header(header), "headers/" + header,
              std::string{"keys do not belong in this file; "}.append(instead_of_a_key));
      require(!header.empty() && is_printable(header) && is_printable(value) &&
                  header.find_first_of(" :") == std::string::npos,
              "headers/" + quoted_excerpt(header), "expected a name and a value of one line");
    }
  }

  void limits() {
    using std::chrono::milliseconds;
    constexpr milliseconds zero{0};
    const auto& t = x_->timeouts;
    require(t.connect > zero && t.first_byte > zero && t.between_chunks > zero && t.total > zero,
            "timeouts", "expected more than 0 ms each");
    require(t.connect <= t.total && t.first_byte <= t.total && t.between_chunks <= t.total,
            "timeouts", "total_ms is shorter than another of them");
    require(x_->queue_age_max > zero, "queue_age_max_ms", "expected more than 0");
    require(x_->retry.base <= x_->retry.cap, "retry", "base_ms is more than cap_ms");
    require(x_->breaker.pause > zero, "breaker", "expected a pause_ms of more than 0");
    require(x_->breaker.pause <= x_->breaker.pause_max, "breaker",
            "pause_ms is more than pause_max_ms");
  }

  void models() {
    std::set<std::string_view> names;
    for (const auto& model : x_->models) {
      require(!model.name.empty(), "models", "a model without a name");
      require(model.price.cached.value_or(0) >= 0, "models", "a negative price");
      require(names.insert(model.name).second, "models",
              quoted_excerpt(model.name) + " is there twice");
      for (const auto& alias : model.aliases) {
        require(!alias.empty(), "models", "an empty alias of " + quoted_excerpt(model.name));
        require(names.insert(alias).second, "models", quoted_excerpt(alias) + " is there twice");
      }
    }
  }

  const provider_settings* x_;
  std::optional<error> failure_;
};

}  // namespace

expected<models_file> read_models_file(std::string_view text) {
  auto config = from_json<models_file>(text);
  if (!config)
    return config;
  if (auto sound = check(*config); !sound)
    return sound.error();
  return config;
}

expected<void> check(const models_file& config) {
  std::set<std::string_view> names;
  for (const auto& provider : config.providers) {
    if (auto sound = provider_check{provider}.run(); !sound)
      return sound;
    if (!names.insert(provider.name).second) {
      return error{errc::invalid_argument,
                   "provider " + quoted_excerpt(provider.name) + ", name: it is there twice"};
    }
  }
  return {};
}

std::string models_file_schema() {
  return json_schema<models_file>();
}

}  // namespace libagent

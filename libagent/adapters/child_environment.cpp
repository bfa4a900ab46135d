#include "libagent/adapters/child_environment.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace libagent {

namespace {

bool is_named_by(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*'))
    return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

bool is_named_in(std::string_view entry, const std::vector<std::string>& patterns) {
  const auto name = entry.substr(0, entry.find('='));
  return std::ranges::any_of(
      patterns, [name](const std::string& pattern) { return is_named_by(name, pattern); });
}

}  // namespace

const std::vector<std::string>& usual_variables() {
  static const std::vector<std::string> all{"PATH", "LANG",          "LANGUAGE",    "LC_*",
                                            "TZ",   "SSL_CERT_FILE", "SSL_CERT_DIR"};
  return all;
}

std::vector<std::string> allowed_environment(const std::vector<std::string>& entries,
                                             const std::vector<std::string>& names) {
  std::vector<std::string> allowed;
  std::ranges::copy_if(entries, std::back_inserter(allowed), [&names](const std::string& entry) {
    return is_named_in(entry, usual_variables()) || is_named_in(entry, names);
  });
  return allowed;
}

}  // namespace libagent

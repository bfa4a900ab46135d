#include "libagent/models/context_windows.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

void context_windows::learn(std::string_view name, std::uint64_t tokens) {
  LIBAGENT_EXPECTS(tokens > 0);
  const std::lock_guard guard{mutex_};
  if (const auto known = tokens_.find(name); known != tokens_.end()) {
    known->second = tokens;
  } else if (tokens_.size() < names_max) {
    tokens_.emplace(std::string{name}, tokens);
  }
}

std::optional<std::uint64_t> context_windows::of(std::string_view name) const {
  const std::lock_guard guard{mutex_};
  auto known = tokens_.find(name);
  if (known == tokens_.end())
    known = tokens_.find(name.substr(0, name.find('/')));
  if (known == tokens_.end())
    return std::nullopt;
  return known->second;
}

}  // namespace libagent

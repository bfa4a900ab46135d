#include "libagent/tools/tool_registry.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>

namespace libagent {

namespace {

constexpr std::size_t tool_name_size_max = 64;

bool is_tool_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= tool_name_size_max &&
         std::ranges::all_of(name, is_allowed);
}

expected<void> check_tool_spec(const tool_spec& spec) {
  const auto refused = [&spec](errc code, const std::string& why) {
    return error{code, "add tool " + quoted_excerpt(spec.name, tool_name_size_max) + ": " + why};
  };
  if (!is_tool_name(spec.name)) {
    return refused(errc::invalid_argument,
                   "a name has 1 to 64 letters, digits, underscores and dashes");
  }
  if (spec.description.empty())
    return refused(errc::invalid_argument, "it has no description");
  if (spec.timeout <= std::chrono::milliseconds::zero()) {
    return refused(
        errc::invalid_argument,
        "its timeout of " + std::to_string(spec.timeout.count()) + " ms is not positive");
  }
  if (spec.tool_effects == effects::once && spec.cache_ttl > std::chrono::milliseconds::zero())
    return refused(errc::invalid_argument, "it has effects, so its answers cannot be cached");
  return {};
}

}  // namespace

expected<void> tool_registry::add(const std::shared_ptr<tool>& added) {
  LIBAGENT_EXPECTS(added != nullptr);
  const auto& spec = added->spec();
  if (auto fits = check_tool_spec(spec); !fits)
    return fits;
  if (!tools_.try_emplace(spec.name, added).second) {
    return error{errc::already_exists,
                 R"(add tool ")" + spec.name + R"(": there is one of that name)"};
  }
  return {};
}

std::shared_ptr<tool> tool_registry::find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() ? nullptr : found->second;
}

expected<std::shared_ptr<tool>> tool_registry::lookup(std::string_view name) const {
  if (auto found = find(name))
    return found;
  std::vector<std::string_view> known;
  known.reserve(tools_.size());
  for (const auto& [each, unused] : tools_)
    known.emplace_back(each);
  return error{errc::not_found,
               "find tool: no tool is called " + quoted_excerpt(name) + did_you_mean(name, known)};
}

std::vector<std::shared_ptr<tool>> tool_registry::list() const {
  std::vector<std::shared_ptr<tool>> sorted;
  sorted.reserve(tools_.size());
  for (const auto& [name, each] : tools_)
    sorted.push_back(each);
  return sorted;
}

}  // namespace libagent

// Which model of which provider a name means.

#include "libagent/models/model_gate.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

const model_settings* declared_model(const provider_settings& provider, std::string_view name) {
  const auto named = [name](const model_settings& model) {
    return model.name == name || std::ranges::find(model.aliases, name) != model.aliases.end();
  };
  const auto found = std::ranges::find_if(provider.models, named);
  return found == provider.models.end() ? nullptr : &*found;
}

}  // namespace

expected<resolved_model> model_gate::resolve(std::string_view name) const {
  const auto cut = name.find('/');
  for (std::size_t at = 0; at < lanes_.size(); ++at) {
    if (lanes_[at]->settings().name == name.substr(0, cut))
      return resolve_at(at, cut == std::string_view::npos ? "" : name.substr(cut + 1));
  }
  if (auto found = find_model(name))
    return *std::move(found);
  return error{errc::not_found, "find model " + std::string{name} + ": no provider has it"};
}

expected<resolved_model> model_gate::resolve_at(std::size_t at, std::string_view model) const {
  const auto& provider = lanes_[at]->settings();
  if (model.empty()) {
    if (provider.models.empty())
      return resolved_model{at, provider.name, nullptr};
    return resolved_model{at, provider.models.front().name, &provider.models.front()};
  }
  if (const auto* declared = declared_model(provider, model))
    return resolved_model{at, declared->name, declared};
  if (provider.models.empty())
    return resolved_model{at, std::string{model}, nullptr};
  return error{errc::not_found, "find model " + std::string{model} + ": provider " + provider.name +
                                    " is not said to have it"};
}

std::optional<resolved_model> model_gate::find_model(std::string_view name) const {
  for (std::size_t at = 0; at < lanes_.size(); ++at) {
    if (const auto* declared = declared_model(lanes_[at]->settings(), name))
      return resolved_model{at, declared->name, declared};
  }
  if (lanes_.size() == 1 && lanes_.front()->settings().models.empty() && !name.empty())
    return resolved_model{0, std::string{name}, nullptr};
  return std::nullopt;
}

}  // namespace libagent

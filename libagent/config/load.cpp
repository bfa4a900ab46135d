#include "libagent/config/load.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json_parse.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace libagent {

namespace {

constexpr json_limits config_limits{.bytes_max = 1U << 20U, .depth_max = 8};
constexpr std::string_view variable_prefix = "LIBAGENT_";

error config_error(const std::string& place, const std::string& key, const std::string& what) {
  return {errc::invalid_argument, place + ": " + (key.empty() ? "" : key + ": ") + what};
}

option* find_option(std::span<option> options, std::string_view key) {
  const auto found =
      std::ranges::find_if(options, [key](const option& each) { return each.key() == key; });
  return found == options.end() ? nullptr : &*found;
}

bool is_section(std::span<const option> options, std::string_view key) {
  return std::ranges::any_of(options, [key](const option& each) {
    return each.key().size() > key.size() && each.key().starts_with(key) &&
           each.key()[key.size()] == '.';
  });
}

std::string unknown_key(std::span<const option> options, std::string_view key) {
  std::vector<std::string_view> known;
  for (const auto& each : options) {
    known.push_back(each.key());
    if (std::ranges::find(known, each.section()) == known.end())
      known.push_back(each.section());
  }
  return "unknown key" + did_you_mean(key, known);
}

/// The text that an option takes for a JSON value, or what it wants instead.
expected<std::string> option_text(const option& target, const nlohmann::json& value) {
  const auto kind = target.kind();
  const bool takes_number = kind == option_kind::integer || kind == option_kind::size;
  if (value.is_string() && kind != option_kind::integer)
    return value.get<std::string>();
  if (value.is_number_integer() && takes_number)
    return value.dump();
  const auto wanted = [kind]() -> std::string {
    switch (kind) {
      case option_kind::integer: return "a whole number";
      case option_kind::time_span: return R"(a string such as "250ms", "5s", "2m" or "1h")";
      case option_kind::size: return R"(a string such as "64MiB", or a number of bytes)";
      default: return "a string";
    }
  }();
  const bool may_be_shown = !target.is_secret() && value.is_primitive();
  // A string of its own, because the prefix is only a view.
  const std::string whole = may_be_shown ? value.dump() : value.type_name();
  const auto given = utf8_prefix(whole, 40);
  const auto bounds = target.allowed().empty() ? "" : " (allowed: " + target.allowed() + ")";
  return error{errc::invalid_argument,
               "expected " + wanted + ", got " + std::string{given} + bounds};
}

/// Applies one file.
class file_applier {
public:
  file_applier(std::span<option> options, const std::string& name, const json_lines& lines,
               option_origins& origins)
      : options_{options}, name_{name}, lines_{lines}, origins_{origins} {}

  expected<void> apply_document(const nlohmann::json& document) {
    if (!document.is_object())
      return config_error(name_, "", "expected an object of options");
    return apply_members(document, "", "");
  }

private:
  expected<void> apply_members(const nlohmann::json& members, const std::string& key_prefix,
                               const std::string& pointer_prefix) {
    for (const auto& [name, value] : members.items()) {
      if (key_prefix.empty() && name == "$schema")
        continue;
      auto pointer = pointer_prefix;
      append_pointer_token(pointer, name);
      if (auto done = apply_member(value, key_prefix + name, pointer); !done)
        return done;
    }
    return {};
  }

  expected<void> apply_member(const nlohmann::json& value, const std::string& key,
                              const std::string& pointer) {
    const auto place = place_of(pointer);
    auto* const target = find_option(options_, key);
    if (target == nullptr && is_section(options_, key)) {
      if (!value.is_object())
        return config_error(place, key, "this is a section: expected an object of options");
      return apply_members(value, key + ".", pointer);
    }
    if (target == nullptr)
      return config_error(place, shown_key(key), unknown_key(options_, key));
    if (const auto earlier = seen_.find(key); earlier != seen_.end())
      return config_error(place, key, "given twice (also at " + earlier->second + ")");
    seen_.emplace(key, place);
    const auto text = option_text(*target, value);
    if (!text)
      return config_error(place, key, text.error().context);
    if (auto done = target->assign(*text); !done)
      return config_error(place, key, done.error().context);
    origins_[key] = place;
    return {};
  }

  [[nodiscard]] std::string place_of(const std::string& pointer) const {
    const auto line = lines_.find(pointer);
    return line == lines_.end() ? name_ : name_ + ":" + std::to_string(line->second);
  }

  static std::string shown_key(const std::string& key) { return quoted_excerpt(key, 100); }

  std::span<option> options_;
  const std::string& name_;
  const json_lines& lines_;
  option_origins& origins_;
  std::map<std::string, std::string> seen_;
};

expected<void> apply_file(std::span<option> options, const config_file& file,
                          option_origins& origins) {
  auto done = with_parsed_json_file(
      file.text, config_limits, [&](const nlohmann::json& document, const json_lines& lines) {
        return file_applier{options, file.name, lines, origins}.apply_document(document);
      });
  // Errors about options name the file already; those of the parser do not.
  if (!done && !done.error().context.starts_with(file.name))
    return error{done.error().code, file.name + ": " + done.error().context};
  return done;
}

expected<void> apply_environment(std::span<option> options, const config_sources& sources,
                                 option_origins& origins) {
  std::vector<std::string> variables;
  for (const auto& each : options)
    variables.push_back(each.environment_variable());
  for (const auto& [variable, value] : sources.environment) {
    if (!variable.starts_with(variable_prefix) || sources.reserved_variables.contains(variable))
      continue;
    const auto place = "environment " + variable;
    const auto found = std::ranges::find(variables, variable);
    if (found == variables.end()) {
      const std::vector<std::string_view> known{variables.begin(), variables.end()};
      return config_error(place, "", "unknown option" + did_you_mean(variable, known));
    }
    auto& target = options[static_cast<std::size_t>(found - variables.begin())];
    if (auto done = target.assign(value); !done)
      return config_error(place, target.key(), done.error().context);
    origins[target.key()] = place;
  }
  return {};
}

expected<void> apply_override(std::span<option> options, const std::string& text,
                              option_origins& origins) {
  const auto equals = text.find('=');
  // The text after a sign that is missing may be a secret, so it is not shown.
  if (equals == std::string::npos)
    return config_error("--set", "", R"(expected key=value, got no "=")");
  const auto key = text.substr(0, equals);
  auto* const target = find_option(options, key);
  if (target == nullptr)
    return config_error("--set", quoted_excerpt(key, 100), unknown_key(options, key));
  if (auto done = target->assign(std::string_view{text}.substr(equals + 1)); !done)
    return config_error("--set", key, done.error().context);
  origins[key] = "--set";
  return {};
}

}  // namespace

expected<option_origins> apply_sources(std::span<option> options, const config_sources& sources) {
  option_origins origins;
  for (const auto& each : options)
    origins.emplace(each.key(), "default");
  if (sources.file) {
    if (auto done = apply_file(options, *sources.file, origins); !done)
      return done.error();
  }
  if (auto done = apply_environment(options, sources, origins); !done)
    return done.error();
  for (const auto& text : sources.overrides) {
    if (auto done = apply_override(options, text, origins); !done)
      return done.error();
  }
  return origins;
}

std::vector<shown_option> show_options(std::span<const option> options,
                                       const option_origins& origins) {
  std::vector<shown_option> shown;
  shown.reserve(options.size());
  for (const auto& each : options) {
    const auto origin = origins.find(each.key());
    const auto text = each.text();
    shown.push_back({.key = each.key(),
                     .value = each.is_secret() && !text.empty() ? "(hidden)" : text,
                     .origin = origin == origins.end() ? "default" : origin->second});
  }
  return shown;
}

std::string show_text(std::span<const shown_option> shown) {
  std::size_t key_width = 0;
  std::size_t value_width = 0;
  for (const auto& each : shown) {
    key_width = std::max(key_width, each.key.size());
    value_width = std::max(value_width, std::min<std::size_t>(each.value.size(), 40));
  }
  std::string out;
  for (const auto& each : shown) {
    const auto pad = [](std::string text, std::size_t width) {
      text.resize(std::max(text.size(), width), ' ');
      return text;
    };
    out += pad(each.key, key_width) + " = " + pad(each.value, value_width) + "  (" + each.origin +
           ")\n";
  }
  return out;
}

}  // namespace libagent

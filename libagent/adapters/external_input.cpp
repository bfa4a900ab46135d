#include "libagent/adapters/external_input.hpp"

#include "libagent/record/json_parse.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>

namespace libagent {

namespace {

constexpr json_limits input_limits{.bytes_max = std::size_t{16} << 20U};

bool has_json_type(const nlohmann::json& value, std::string_view type) {
  if (type == "integer")
    return value.is_number_integer();
  if (type == "number")
    return value.is_number();
  if (type == "string")
    return value.is_string();
  if (type == "boolean")
    return value.is_boolean();
  if (type == "array")
    return value.is_array();
  if (type == "object")
    return value.is_object();
  return type != "null" || value.is_null();
}

error misfit(std::string_view member, const std::string& what) {
  std::string pointer;
  append_pointer_token(pointer, member);
  return {errc::invalid_argument, shown_pointer(pointer) + ": " + what};
}

std::vector<std::string> required_names(const nlohmann::json& schema) {
  std::vector<std::string> names;
  const auto required = schema.find("required");
  if (required == schema.end() || !required->is_array())
    return names;
  names.reserve(required->size());
  for (const auto& name : *required)
    names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  return names;
}

std::map<std::string, std::string> declared_types(const nlohmann::json& schema) {
  std::map<std::string, std::string> types;
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object())
    return types;
  for (const auto& [name, property] : properties->items()) {
    if (property.is_object() && property.contains("type") && property["type"].is_string())
      types.emplace(name, property["type"].get<std::string>());
  }
  return types;
}

}  // namespace

expected<external_input> external_input::make(std::string_view schema) {
  external_input made;
  auto read = with_parsed_json(schema, {}, [&made](const nlohmann::json& value) -> expected<void> {
    if (!value.is_object()) {
      return error{errc::invalid_argument,
                   "expected an object, got " + std::string{value.type_name()}};
    }
    made.required_ = required_names(value);
    made.types_ = declared_types(value);
    return {};
  });
  if (!read)
    return read.error();
  return made;
}

expected<void> external_input::check(const std::string& arguments_json) const {
  const std::string_view text = arguments_json.empty() ? std::string_view{"{}"} : arguments_json;
  return with_parsed_json(
      text, input_limits, [this](const nlohmann::json& value) -> expected<void> {
        if (!value.is_object()) {
          return error{errc::invalid_argument,
                       "(root): expected object, got " + std::string{value.type_name()}};
        }
        for (const auto& name : required_) {
          if (!value.contains(name))
            return misfit(name, "missing");
        }
        for (const auto& [name, type] : types_) {
          const auto found = value.find(name);
          if (found != value.end() && !has_json_type(*found, type))
            return misfit(name, "expected " + type + ", got " + found->type_name());
        }
        return {};
      });
}

}  // namespace libagent

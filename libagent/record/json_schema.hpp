#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/field.hpp"
#include "libagent/record/json_writer.hpp"
#include "libagent/record/record_traits.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace libagent {

namespace record_detail {

/// Records that nest deeper contain themselves, which an inline schema cannot say.
inline constexpr std::size_t schema_depth_max = 32;

template <class T>
void append_schema_keywords(std::string& out, std::size_t depth, const value_bounds& bounds);

inline void append_keyword(std::string& out, std::string_view keyword, std::string_view number) {
  out.append(R"(,")").append(keyword).append(R"(":)").append(number);
}

}  // namespace record_detail

/// The record inspector that appends the keywords of a record's schema: type, properties with
/// their constraints in the order of declaration, required.
class schema_maker {
public:
  using is_record_inspector = void;

  schema_maker(std::string& out, std::size_t depth) : out_{&out}, depth_{depth} {}

  template <class T, class... Fields>
  bool visit_record(T&, const char* name, record_field<Fields>&... fields) {
    LIBAGENT_EXPECTS(depth_ < record_detail::schema_depth_max);
    if (depth_ == 0) {
      *out_ += R"("title":)";
      append_quoted(*out_, name);
      *out_ += ',';
    }
    *out_ += R"("type":"object","properties":{)";
    [[maybe_unused]] bool is_first = true;
    (append_property(fields, is_first), ...);
    *out_ += R"(},"required":[)";
    is_first = true;
    (append_required(fields, is_first), ...);
    *out_ += R"(],"additionalProperties":false)";
    return true;
  }

private:
  template <class T>
  void append_property(const record_field<T>& f, bool& is_first) {
    if (!is_first) {
      *out_ += ',';
    }
    is_first = false;
    append_quoted(*out_, f.name);
    *out_ += R"(:{"description":)";
    append_quoted(*out_, f.description);
    if constexpr (!std::is_same_v<optional_or_self_t<T>, raw_json>) {
      *out_ += ',';
      record_detail::append_schema_keywords<T>(*out_, depth_ + 1,
                                               {f.minimum, f.maximum, f.size_max});
    }
    if (f.default_value) {
      *out_ += R"(,"default":)";
      append_json(*out_, *f.default_value);
    }
    *out_ += '}';
  }

  template <class T>
  void append_required(const record_field<T>& f, bool& is_first) {
    if (f.default_value || optional_type<T>) {
      return;
    }
    if (!is_first) {
      *out_ += ',';
    }
    is_first = false;
    append_quoted(*out_, f.name);
  }

  std::string* out_;
  std::size_t depth_;
};

namespace record_detail {

/// The narrower of the declared range and the type's; 64-bit ends say nothing and are left out.
template <integer_type T>
void append_integer_schema(std::string& out, const value_bounds& bounds) {
  using limits = std::numeric_limits<T>;
  out += R"("type":"integer")";
  if (bounds.minimum && *bounds.minimum > static_cast<double>(limits::min())) {
    append_keyword(out, "minimum", number_text(*bounds.minimum));
  } else if (std::is_unsigned_v<T> || sizeof(T) < 8) {
    append_keyword(out, "minimum", std::to_string(limits::min()));
  }
  if (bounds.maximum && *bounds.maximum < static_cast<double>(limits::max())) {
    append_keyword(out, "maximum", number_text(*bounds.maximum));
  } else if (sizeof(T) < 8) {
    append_keyword(out, "maximum", std::to_string(limits::max()));
  }
}

inline void append_number_schema(std::string& out, const value_bounds& bounds) {
  out += R"("type":"number")";
  if (bounds.minimum) {
    append_keyword(out, "minimum", number_text(*bounds.minimum));
  }
  if (bounds.maximum) {
    append_keyword(out, "maximum", number_text(*bounds.maximum));
  }
}

/// The reader counts bytes of text, JSON Schema characters: text beyond ASCII meets the reader's
/// limit first.
inline void append_size_max(std::string& out, std::string_view keyword,
                            const value_bounds& bounds) {
  if (bounds.size_max) {
    append_keyword(out, keyword, std::to_string(*bounds.size_max));
  }
}

template <named_enum E>
void append_enum_schema(std::string& out) {
  out += R"("type":"string","enum":[)";
  bool is_first = true;
  for (const auto& [value, name] : enum_names<E>::values) {
    if (!is_first) {
      out += ',';
    }
    is_first = false;
    append_quoted(out, name);
  }
  out += ']';
}

template <string_scalar_type T>
void append_text_scalar_schema(std::string& out) {
  out += R"("type":"string")";
  if (std::string_view{string_scalar<T>::format}.empty()) {
    return;
  }
  out += R"(,"format":)";
  append_quoted(out, string_scalar<T>::format);
}

template <class Element>
void append_nested_schema(std::string& out, std::size_t depth) {
  out += '{';
  append_schema_keywords<Element>(out, depth + 1, {});
  out += '}';
}

template <class T>
void append_list_schema(std::string& out, std::size_t depth, const value_bounds& bounds) {
  out += R"("type":"array","items":)";
  append_nested_schema<typename T::value_type>(out, depth);
  append_size_max(out, "maxItems", bounds);
}

template <fixed_list_type T>
void append_fixed_list_schema(std::string& out, std::size_t depth) {
  const auto size = std::to_string(std::tuple_size_v<T>);
  append_list_schema<T>(out, depth, {});
  append_keyword(out, "minItems", size);
  append_keyword(out, "maxItems", size);
}

template <map_type T>
void append_map_schema(std::string& out, std::size_t depth, const value_bounds& bounds) {
  out += R"("type":"object","additionalProperties":)";
  append_nested_schema<typename T::mapped_type>(out, depth);
  append_size_max(out, "maxProperties", bounds);
}

/// All that is neither a container nor a record.
template <class T>
void append_scalar_keywords(std::string& out, const value_bounds& bounds) {
  if constexpr (std::is_same_v<T, bool>) {
    out += R"("type":"boolean")";
  } else if constexpr (integer_type<T>) {
    append_integer_schema<T>(out, bounds);
  } else if constexpr (duration_type<T>) {
    out += R"("type":"integer","minimum":0)";
    append_keyword(out, "maximum", std::to_string(duration_count_max<T>()));
  } else if constexpr (std::is_floating_point_v<T>) {
    append_number_schema(out, bounds);
  } else if constexpr (std::is_same_v<T, std::string>) {
    out += R"("type":"string")";
    append_size_max(out, "maxLength", bounds);
  } else if constexpr (named_enum<T>) {
    append_enum_schema<T>(out);
  } else if constexpr (string_scalar_type<T>) {
    append_text_scalar_schema<T>(out);
  } else if constexpr (!std::is_same_v<T, raw_json>) {  // which says nothing: any value will do
    refuse_record_type<T>();
  }
}

/// Appends the members of a schema object for T, without the braces.
template <class T>
void append_schema_keywords(std::string& out, std::size_t depth, const value_bounds& bounds) {
  if constexpr (optional_type<T>) {
    append_schema_keywords<optional_value_t<T>>(out, depth, bounds);
  } else if constexpr (list_type<T>) {
    append_list_schema<T>(out, depth, bounds);
  } else if constexpr (fixed_list_type<T>) {
    append_fixed_list_schema<T>(out, depth);
  } else if constexpr (map_type<T>) {
    append_map_schema<T>(out, depth, bounds);
  } else if constexpr (record_type<T>) {
    T empty{};
    schema_maker maker{out, depth};
    inspect(maker, empty);
  } else {
    append_scalar_keywords<T>(out, bounds);
  }
}

}  // namespace record_detail

/// The JSON Schema (2020-12) of a record as JSON text: what `from_json<T>` accepts, and what
/// `to_json` writes but for numbers that are not finite.
///
/// Nested records stand inline; properties keep their order of declaration. The reader also takes
/// `null` for an optional field, which the schema does not advertise.
/// @pre T does not contain itself.
template <record_type T>
[[nodiscard]] std::string json_schema() {
  std::string out = R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)";
  record_detail::append_schema_keywords<T>(out, 0, {});
  out += '}';
  return out;
}

}  // namespace libagent

#include "libagent/config/option.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"

#include <charconv>
#include <system_error>

namespace libagent {

namespace {

error misfit(std::string why) {
  return {errc::invalid_argument, std::move(why)};
}

std::string joined_choices(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

expected<std::uint64_t> parse_integer(std::string_view text) {
  std::uint64_t number = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_all_digits = done.ptr == text.data() + text.size();
  if (done.ec == std::errc::result_out_of_range && is_all_digits)
    return misfit("out of range");
  if (done.ec != std::errc{} || !is_all_digits)
    return misfit("expected a whole number");
  return number;
}

/// Sets `value` to what `parse` makes of a text, when that lies in [low, high].
template <class T, class Parse>
std::function<expected<void>(std::string_view)> bounded_writer(T& value, T low, T high,
                                                               Parse parse) {
  return [&value, low, high, parse](std::string_view text) -> expected<void> {
    const auto read = parse(text);
    if (!read)
      return read.error();
    if (*read < low || *read > high)
      return misfit("out of range");
    value = *read;
    return {};
  };
}

expected<std::chrono::milliseconds> parse_milliseconds(std::string_view text) {
  const auto read = parse_duration(text);
  if (!read)
    return misfit("expected a duration such as 250ms, 5s, 2m or 1h");
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(*read);
  if (whole != *read)
    return misfit("expected whole milliseconds");
  return whole;
}

expected<byte_size> parse_size_option(std::string_view text) {
  const auto read = parse_byte_size(text);
  if (!read)
    return misfit("expected a size such as 64MiB, 1.5GB or 65536");
  return *read;
}

}  // namespace

option::option(std::string key, std::string& value, std::string help, text_check check)
    : key_{std::move(key)},
      help_{std::move(help)},
      kind_{option_kind::text},
      read_{[&value] { return value; }},
      write_{[&value, check = std::move(check)](std::string_view text) -> expected<void> {
        if (auto why = check ? check(text) : std::string{}; !why.empty())
          return misfit(std::move(why));
        value = text;
        return {};
      }},
      default_{read_()} {}

option::option(std::string key, std::chrono::milliseconds& value, std::chrono::milliseconds low,
               std::chrono::milliseconds high, std::string help)
    : key_{std::move(key)},
      help_{std::move(help)},
      kind_{option_kind::time_span},
      allowed_{duration_text(low) + " to " + duration_text(high)},
      read_{[&value] { return duration_text(value); }},
      write_{bounded_writer(value, low, high, &parse_milliseconds)},
      default_{read_()} {}

option::option(std::string key, byte_size& value, byte_size low, byte_size high, std::string help)
    : key_{std::move(key)},
      help_{std::move(help)},
      kind_{option_kind::size},
      allowed_{to_string(low) + " to " + to_string(high)},
      read_{[&value] { return to_string(value); }},
      write_{bounded_writer(value, low, high, &parse_size_option)},
      default_{read_()} {}

option::option(std::string key, std::string help, const integer_access& access)
    : key_{std::move(key)},
      help_{std::move(help)},
      kind_{option_kind::integer},
      allowed_{std::to_string(access.low) + " to " + std::to_string(access.high)},
      low_{access.low},
      high_{access.high},
      read_{[get = access.get] { return std::to_string(get()); }},
      write_{[access](std::string_view text) -> expected<void> {
        const auto read = parse_integer(text);
        if (!read)
          return read.error();
        if (*read < access.low || *read > access.high)
          return misfit("out of range");
        access.set(*read);
        return {};
      }},
      default_{read_()} {}

option::option(std::string key, std::string help, const choice_access& access)
    : key_{std::move(key)},
      help_{std::move(help)},
      kind_{option_kind::choice},
      allowed_{joined_choices(access.names)},
      choices_{access.names},
      read_{access.get},
      write_{[access](std::string_view text) -> expected<void> {
        if (access.set(text))
          return {};
        const std::vector<std::string_view> known{access.names.begin(), access.names.end()};
        return misfit("unknown choice" + did_you_mean(text, known));
      }},
      default_{read_()} {}

option option::secret() && {
  is_secret_ = true;
  return std::move(*this);
}

std::string_view option::section() const {
  return std::string_view{key_}.substr(0, key_.find('.'));
}

std::string_view option::name() const {
  const auto dot = key_.find('.');
  LIBAGENT_EXPECTS(dot != std::string::npos);
  return std::string_view{key_}.substr(dot + 1);
}

std::string option::environment_variable() const {
  std::string variable = "LIBAGENT_";
  for (const char c : key_) {
    const bool is_letter = c >= 'a' && c <= 'z';
    const bool is_separator = c == '.' || c == '-';
    variable += is_letter ? static_cast<char>(c - 'a' + 'A') : is_separator ? '_' : c;
  }
  return variable;
}

expected<void> option::assign(std::string_view text) {
  auto done = write_(text);
  if (!done)
    return refused(text, done.error().context);
  return {};
}

error option::refused(std::string_view text, const std::string& why) const {
  const auto given = is_secret_ ? std::string{"the hidden value"} : quoted_excerpt(text);
  const auto bounds = allowed_.empty() ? std::string{} : " (allowed: " + allowed_ + ")";
  return misfit(given + ": " + why + bounds);
}

}  // namespace libagent

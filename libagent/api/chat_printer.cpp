#include "libagent/api/chat_printer.hpp"

#include "libagent/base/text.hpp"
#include "libagent/base/units.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

namespace libagent {

namespace {

constexpr std::string_view dim_text = "\x1b[2m";
constexpr std::string_view plain_text = "\x1b[0m";
constexpr std::string_view cut_mark = "...";
constexpr std::size_t note_indent = 2;
constexpr std::size_t columns_min = 20;

bool is_hidden(char32_t code) {
  if (code == '\n' || code == '\t')
    return false;
  const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool turns_text = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return is_control || turns_text;
}

std::string in_dim(const std::string& text, text_style style) {
  return style.color ? std::string{dim_text}.append(text).append(plain_text) : text;
}

std::string amount(std::uint64_t number, const char* one, const char* many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

/// Whether the turn ended in a way that leaves no doubt about its text.
bool is_whole(const turn_result& result) {
  return result.state == turn_state::answered &&
         (result.finish == finish_reason::stop || result.finish == finish_reason::tool_calls);
}

}  // namespace

std::string printable_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = decode_utf8(text, at);
    if (!decoded.valid) {
      append_utf8(out, 0xFFFD);
    } else if (!is_hidden(decoded.code)) {
      out += text.substr(at, decoded.length);
    }
    at += decoded.length;
  }
  return out;
}

namespace {

/// A line that is filled from the left; blanks in a row count as one.
class filling_line {
public:
  explicit filling_line(std::size_t columns) : columns_{columns} {}

  /// False: there is no room for it.
  bool add(char32_t code, std::string_view bytes) {
    const bool is_blank = code == ' ' || code == '\n' || code == '\t';
    if (is_blank && (text_.empty() || text_.ends_with(' ')))
      return true;
    const std::size_t needs = is_east_asian(code) ? 2 : 1;
    if (width_ + needs > columns_)
      return false;
    text_ += is_blank ? std::string_view{" "} : bytes;
    width_ += needs;
    if (width_ + cut_mark.size() <= columns_)
      fits_ = text_.size();
    return true;
  }

  [[nodiscard]] std::string cut() const { return text_.substr(0, fits_).append(cut_mark); }

  [[nodiscard]] std::string whole() const {
    return text_.ends_with(' ') ? text_.substr(0, text_.size() - 1) : text_;
  }

private:
  std::size_t columns_;
  std::string text_;
  std::size_t width_ = 0;
  std::size_t fits_ = 0;  // bytes of the text before which the mark has room
};

}  // namespace

std::string one_line(std::string_view text, std::size_t columns) {
  // Whoever has to cut has seen enough: a result of megabytes is not walked through.
  const auto looked_at = utf8_prefix(text, columns * 8 + 64);
  const auto shown = printable_text(looked_at);
  filling_line line{columns};
  for (std::size_t at = 0; at < shown.size();) {
    const auto decoded = decode_utf8(shown, at);
    if (!line.add(decoded.code, std::string_view{shown}.substr(at, decoded.length)))
      return line.cut();
    at += decoded.length;
  }
  return looked_at.size() < text.size() ? line.cut() : line.whole();
}

std::string call_text(const tool_call& call) {
  return call.arguments.empty() || call.arguments == "{}" ? call.name
                                                          : call.name + " " + call.arguments;
}

chat_printer::chat_printer(chat_printer_options options) : options_{options} {
  options_.columns = std::max(options_.columns, columns_min);
}

std::string chat_printer::on_update(const turn_update& update) {
  return std::visit([this](const auto& what) { return take(what); }, update);
}

std::string chat_printer::on_end(const turn_result& result) {
  std::string out;
  out += what_is_missing(result.text);
  out += new_line();
  if (!result.citations.empty())
    out += "\n" + render_citations(result.citations, options_.style);
  out += how_it_ended(result);
  if (options_.verbose)
    out += what_it_took(result);
  printed_.clear();
  is_thinking_ = false;
  return out;
}

std::string chat_printer::on_refused(const error& why) {
  auto out = new_line() + "! " + printable_text(to_string(why)) + "\n";
  printed_.clear();
  is_thinking_ = false;
  return out;
}

std::string chat_printer::take(const turn_text& x) {
  auto out = is_thinking_ ? new_line() : std::string{};
  is_thinking_ = false;
  printed_ += x.text;
  return out + show(x.text);
}

std::string chat_printer::take(const turn_reasoning& x) {
  auto out = is_thinking_ ? std::string{} : new_line();
  if (options_.verbose) {
    out += in_dim(show(x.text), options_.style);
  } else if (!is_thinking_) {
    out += note("(thinking)");
  }
  is_thinking_ = true;
  return out;
}

std::string chat_printer::take(const turn_call_piece&) {
  return {};  // The caller's own tools; a terminal has none.
}

std::string chat_printer::take(const turn_step_ended&) {
  printed_.clear();
  is_thinking_ = false;
  return new_line();
}

std::string chat_printer::take(const turn_tool_began& x) {
  return note("-> " + call_text(x.call));
}

std::string chat_printer::take(const turn_tool_ended& x) {
  const auto what = x.call.name + (x.succeeded ? ": " : " failed: ");
  const auto took = " (" + duration_text(x.took) + ")";
  const auto room = options_.columns - std::min(options_.columns, took.size() + note_indent);
  return note("<- " + one_line(what + x.output, room - std::min<std::size_t>(room, 3)) + took);
}

std::string chat_printer::take(const turn_handed_over& x) {
  return note("=> " + x.agent + " goes on");
}

std::string chat_printer::what_is_missing(std::string_view answer) {
  if (printed_.starts_with(answer))
    return {};  // All of it was printed, or it was cancelled meanwhile.
  if (answer.starts_with(printed_))
    return take(turn_text{std::string{answer.substr(printed_.size())}});
  // Its beginning was missed, or the agent said something else instead.
  auto out = new_line();
  return out += take(turn_text{std::string{answer}});
}

std::string chat_printer::show(std::string_view text) {
  auto shown = printable_text(text);
  if (!shown.empty())
    at_line_start_ = shown.back() == '\n';
  return shown;
}

std::string chat_printer::note(std::string_view text) {
  auto out = new_line();
  is_thinking_ = false;
  const auto room = options_.columns - note_indent;
  return out + in_dim(std::string(note_indent, ' ') + one_line(text, room), options_.style) + "\n";
}

std::string chat_printer::new_line() {
  return std::exchange(at_line_start_, true) ? "" : "\n";
}

std::string chat_printer::how_it_ended(const turn_result& result) {
  std::string out;
  for (const auto& waiting : result.approvals)
    out += note("?? " + call_text(waiting.call));
  if (result.failure)
    return out + "! " + printable_text(to_string(*result.failure)) + "\n";
  if (result.state == turn_state::cancelled)
    return out + note("(cancelled)");
  if (result.state == turn_state::failed)
    return out + "! the turn failed\n";
  if (is_whole(result) || result.state != turn_state::answered)
    return out;
  return out + note(result.finish == finish_reason::length
                        ? "(cut off: this is as long as a reply may be)"
                        : "(cut off by the provider's content filter)");
}

std::string chat_printer::what_it_took(const turn_result& result) {
  auto text = result.model + ", " + amount(result.steps, "step", "steps") + ", " +
              std::to_string(result.usage.prompt) + " + " +
              amount(result.usage.completion, "token", "tokens") +
              (result.usage.estimated ? " (estimated)" : "");
  if (result.usage.cached > 0)
    text += ", " + std::to_string(result.usage.cached) + " of them cached";
  if (result.cost_micro > 0)
    text += ", cost " + number_text(static_cast<double>(result.cost_micro) / 1e6);
  if (!result.cache.empty())
    text += ", answer cache: " + result.cache;
  return note(text);
}

}  // namespace libagent

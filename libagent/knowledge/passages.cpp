#include "libagent/knowledge/passages.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/knowledge/line_marks.hpp"
#include "libagent/knowledge/terms.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace libagent {

namespace {

constexpr std::size_t headings_bytes_max = 400;
constexpr std::size_t heading_depth_max = 8;

/// The headings that are open at a place in a document.
class heading_path {
public:
  void enter(const heading_mark& mark) {
    std::erase_if(open_, [&mark](const opened& heading) { return heading.level >= mark.level; });
    if (open_.size() < heading_depth_max)
      open_.push_back({mark.level, std::string{mark.title}});
  }

  [[nodiscard]] std::string text() const {
    std::string joined;
    for (const auto& heading : open_) {
      if (!joined.empty())
        joined += " > ";
      joined += heading.title;
    }
    return std::string{utf8_prefix(joined, headings_bytes_max)};
  }

private:
  struct opened {
    std::size_t level;
    std::string title;
  };

  std::vector<opened> open_;
};

/// Where to cut a line that is too long: after a sentence, else after a space, else between code
/// points; not before a third of the room is used.
std::size_t cut_position(std::string_view line, std::size_t bytes_max) {
  const auto head = utf8_prefix(line, bytes_max);
  const auto usable = head.size() / 3;
  for (const std::string_view end : {"\xE3\x80\x82", ". ", "\xEF\xBC\x81", "\xEF\xBC\x9F",
                                     "\xEF\xBC\x9B", "! ", "? ", "; ", " "}) {
    const auto at = head.rfind(end);
    if (at != std::string_view::npos && at >= usable)
      return at + end.size();
  }
  return head.empty() ? std::min(bytes_max, line.size()) : head.size();
}

bool holds_words(std::string_view text) {
  return term_reader{text}.next() != nullptr;
}

class passage_maker {
public:
  passage_maker(std::string_view document, text_kind kind, const passage_limits& limits)
      : rest_{document}, kind_{kind}, limits_{limits}, passage_kind_{kind} {}

  std::vector<passage> run() {
    while (auto line = take_line())
      add_line(*line);
    flush();
    return std::move(made_);
  }

private:
  /// The next line, or the next block of a line that holds several.
  std::optional<std::string_view> take_line() {
    if (rest_.empty())
      return std::nullopt;
    break_before_ = break_after_;
    if (break_before_ == "\n")
      ++line_number_;
    const auto newline = std::min(rest_.find('\n'), rest_.size());
    const auto separator = rest_.substr(0, newline).find(paragraph_separator);
    const auto ends_block = separator != std::string_view::npos;
    const auto line = rest_.substr(0, ends_block ? separator : newline);
    break_after_ = ends_block ? paragraph_separator : std::string_view{"\n"};
    rest_.remove_prefix(std::min(line.size() + break_after_.size(), rest_.size()));
    return line;
  }

  [[nodiscard]] std::optional<heading_mark> heading_in(std::string_view line) const {
    if (in_fence_)
      return std::nullopt;
    if (const auto mark = hash_heading(line, kind_))
      return mark;
    const auto next = rest_.substr(0, rest_.find('\n'));
    if (const auto level = underlined_heading(line, next, kind_); level && !after_text_)
      return heading_mark{*level, trim_blanks(line)};
    return std::nullopt;
  }

  void add_line(std::string_view line) {
    const auto blank = trim_blanks(line).empty();
    if (const auto heading = heading_in(line)) {
      if (has_body_)
        flush();
      path_.enter(*heading);
      append(line);
      after_text_ = false;
      return;
    }
    if (is_code_fence(line, kind_)) {
      add_fence(line);
      return;
    }
    after_text_ = !blank;
    if (blank) {
      add_blank(line);
    } else {
      add_text(line);
    }
  }

  void add_fence(std::string_view line) {
    add_text(line);
    in_fence_ = !in_fence_;
    after_text_ = in_fence_;
    // What began inside a fence is code up to the fence's end.
    if (!in_fence_ && passage_kind_ == text_kind::source)
      flush();
  }

  void add_blank(std::string_view line) {
    const auto is_enough = text_.size() >= limits_.bytes_soft || lines_ >= limits_.lines_soft;
    if (is_enough && !leads_on()) {
      flush();
    } else if (lines_ > 0) {
      append(line);
    }
  }

  void add_text(std::string_view line) {
    if (lines_ > 0 &&
        (lines_ >= limits_.lines_hard || text_.size() + line.size() > limits_.bytes_hard))
      flush();
    while (line.size() > limits_.bytes_hard) {
      const auto cut = cut_position(line, limits_.bytes_hard);
      append(line.substr(0, cut));
      flush();
      line.remove_prefix(cut);
    }
    append(line);
    has_body_ = has_body_ || !is_decoration(line);
  }

  void append(std::string_view line) {
    if (lines_ == 0) {
      line_first_ = line_number_;
      passage_kind_ = in_fence_ ? text_kind::source : kind_;
    } else {
      text_ += break_before_;
    }
    text_ += line;
    ++lines_;
  }

  void flush() {
    if (lines_ > 0 && holds_words(text_)) {
      trim_end();
      made_.push_back({path_.text(), std::move(text_), line_first_, passage_kind_});
    }
    text_.clear();
    lines_ = 0;
    has_body_ = false;
  }

  /// A question or "as follows:" belongs to what comes next; the hard limits still hold.
  [[nodiscard]] bool leads_on() const {
    constexpr std::array<std::string_view, 4> leads{"?", ":", "\xEF\xBC\x9F", "\xEF\xBC\x9A"};
    const auto text =
        trim_blanks(std::string_view{text_}.substr(0, text_.find_last_not_of('\n') + 1));
    return std::ranges::any_of(leads, [text](std::string_view end) { return text.ends_with(end); });
  }

  void trim_end() {
    while (text_.ends_with('\n') || text_.ends_with('\r'))
      text_.pop_back();
    if (text_.ends_with(paragraph_separator))
      text_.resize(text_.size() - paragraph_separator.size());
  }

  std::string_view rest_;
  text_kind kind_;
  passage_limits limits_;
  std::string_view break_before_;
  std::string_view break_after_ = "\n";  // as if a line had ended before the first
  heading_path path_;
  std::vector<passage> made_;
  std::string text_;
  std::size_t lines_ = 0;
  std::uint32_t line_number_ = 0;
  std::uint32_t line_first_ = 0;
  text_kind passage_kind_;
  bool in_fence_ = false;
  bool has_body_ = false;    // more than headings and blank lines is waiting
  bool after_text_ = false;  // the line before was text, so this one cannot be a title
};

}  // namespace

std::vector<passage> make_passages(std::string_view document, text_kind kind,
                                   const passage_limits& limits) {
  LIBAGENT_EXPECTS(limits.bytes_soft > 0 && limits.lines_soft > 0);
  LIBAGENT_EXPECTS(limits.bytes_hard >= limits.bytes_soft);
  LIBAGENT_EXPECTS(limits.lines_hard >= limits.lines_soft);
  return passage_maker{document, kind, limits}.run();
}

}  // namespace libagent

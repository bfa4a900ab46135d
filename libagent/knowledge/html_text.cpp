#include "libagent/knowledge/html_text.hpp"

#include "libagent/knowledge/html_entities.hpp"
#include "libagent/knowledge/text_kind.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <array>

namespace libagent {

namespace {

constexpr std::array<std::string_view, 36> block_tags{
    "address", "article", "aside", "blockquote", "body",    "br",     "caption", "dd", "details",
    "div",     "dl",      "dt",    "fieldset",   "figure",  "footer", "form",    "h1", "h2",
    "h3",      "h4",      "h5",    "h6",         "head",    "header", "hr",      "li", "main",
    "nav",     "ol",      "p",     "pre",        "section", "table",  "title",   "tr", "ul"};
static_assert(std::ranges::is_sorted(block_tags));

constexpr std::size_t tag_bytes_max = 16'384;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

/// 1 to 6 for a heading's tag, 1 for the title, else 0.
std::size_t heading_level(std::string_view tag) {
  if (tag == "title")
    return 1;
  if (tag.size() == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6')
    return static_cast<std::size_t>(tag[1] - '0');
  return 0;
}

class html_reader {
public:
  explicit html_reader(std::string_view html) : rest_{html} { out_.reserve(html.size() / 2); }

  std::string run() {
    while (!rest_.empty()) {
      const auto markup = std::min(rest_.find('<'), rest_.size());
      write_words(take(markup));
      if (!rest_.empty())
        read_markup();
    }
    return std::move(out_);
  }

private:
  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void read_markup() {
    if (rest_.starts_with("<!--")) {
      skip_past("-->");
    } else if (rest_.starts_with("<!") || rest_.starts_with("<?")) {
      skip_past(">");
    } else if (rest_.size() > 1 && (is_letter(rest_[1]) || rest_[1] == '/')) {
      read_tag();
    } else {
      write_words(take(1));
    }
  }

  void read_tag() {
    const auto closing = rest_[1] == '/';
    const std::size_t begin = closing ? 2 : 1;
    auto end = begin;
    while (end < rest_.size() && (is_letter(rest_[end]) || is_digit(rest_[end])))
      ++end;
    const auto name = lower_case(rest_.substr(begin, std::min<std::size_t>(end - begin, 16)));
    skip(tag_length(end));
    if (name == "script" || name == "style" || name == "template") {
      if (!closing)
        skip_element(name);
    } else if (name == "td" || name == "th") {
      write_words(" ");
    } else if (std::ranges::binary_search(block_tags, std::string_view{name})) {
      end_block();
      enter_block(name, closing);
    }
  }

  /// Up to the `>` that is in no quoted attribute, or up to any when a quote is never closed.
  [[nodiscard]] std::size_t tag_length(std::size_t at) const {
    const auto text = rest_.substr(0, at + tag_bytes_max);
    auto quote = '\0';
    for (auto i = at; i < text.size(); ++i) {
      const auto c = text[i];
      if (quote != '\0') {
        quote = c == quote ? '\0' : quote;
      } else if (c == '>') {
        return i + 1;
      } else if ((c == '"' || c == '\'') && text[i - 1] == '=') {
        quote = c;
      }
    }
    const auto close = text.find('>', at);
    return close == std::string_view::npos ? text.size() : close + 1;
  }

  void enter_block(std::string_view name, bool closing) {
    pending_heading_ = closing ? 0 : heading_level(name);
    if (name != "pre" || closing != in_preformatted_)
      return;
    in_preformatted_ = !closing;
    out_ += "```";
    out_ += paragraph_separator;
  }

  void end_block() {
    if (block_has_words_)
      out_ += paragraph_separator;
    block_has_words_ = false;
  }

  void skip_element(const std::string& name) {
    auto end = rest_.find("</");
    while (end != std::string_view::npos && lower_case(rest_.substr(end + 2, name.size())) != name)
      end = rest_.find("</", end + 2);
    skip(std::min(end, rest_.size()));
  }

  void skip_past(std::string_view mark) {
    const auto at = rest_.find(mark);
    skip(at == std::string_view::npos ? rest_.size() : at + mark.size());
  }

  /// Leaves `size` bytes out, but for their line breaks.
  void skip(std::size_t size) {
    const auto skipped = take(size);
    out_.append(static_cast<std::size_t>(std::ranges::count(skipped, '\n')), '\n');
  }

  void write_words(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '&') {
        if (const auto reference = read_html_reference(text.substr(at))) {
          begin_words();
          append_utf8(out_, reference->code);
          at += reference->length;
          continue;
        }
      }
      const auto blank =
          text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r';
      if (!blank)
        begin_words();
      out_.push_back(text[at++]);
    }
  }

  void begin_words() {
    block_has_words_ = true;
    if (pending_heading_ == 0)
      return;
    out_.append(pending_heading_, '#');
    out_.push_back(' ');
    pending_heading_ = 0;
  }

  std::string_view rest_;
  std::string out_;
  std::size_t pending_heading_ = 0;  // its marks are written before its first word
  bool block_has_words_ = false;
  bool in_preformatted_ = false;
};

}  // namespace

std::string html_to_text(std::string_view html) {
  return html_reader{html}.run();
}

}  // namespace libagent

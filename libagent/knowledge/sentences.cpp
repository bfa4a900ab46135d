#include "libagent/knowledge/sentences.hpp"

#include "libagent/knowledge/line_marks.hpp"
#include "libagent/knowledge/sentence_end.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>

namespace libagent {

namespace {

/// The end of a Markdown link's words, when a link begins at `at`; else npos.
std::size_t link_words_end(std::string_view text, std::size_t at) {
  const auto close = text[at] == '[' ? text.find(']', at) : std::string_view::npos;
  const auto is_link = close != std::string_view::npos && text.substr(close).starts_with("](");
  return is_link ? close : std::string_view::npos;
}

/// Leaves out what only formats: `**`, the target of `[words](target)`, runs of blanks.
std::string plain_words(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  auto link_end = std::string_view::npos;
  for (std::size_t at = 0; at < text.size();) {
    if (at == link_end) {
      at = std::min(text.find(')', at), text.size() - 1) + 1;
    } else if (const auto end = link_words_end(text, at); end != std::string_view::npos) {
      link_end = end;
      ++at;
    } else if (text.substr(at).starts_with("**")) {
      at += 2;
    } else if (trim_blanks(text.substr(at, 1)).empty()) {
      if (!out.empty() && out.back() != ' ')
        out.push_back(' ');
      ++at;
    } else {
      out.push_back(text[at++]);
    }
  }
  while (out.ends_with(' '))
    out.pop_back();
  return out;
}

char32_t last_code_point(std::string_view text) {
  auto at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U)
    --at;
  return decode_utf8(text, at).code;
}

/// No space goes between two lines of Chinese or Japanese.
bool joins_without_space(std::string_view before, std::string_view after) {
  if (before.empty() || after.empty())
    return true;
  const auto wide = [](char32_t code) {
    return is_east_asian(code) || (code >= 0x3000 && code <= 0x303F) || code >= 0xFF00;
  };
  return wide(last_code_point(before)) && wide(decode_utf8(after, 0).code);
}

class sentence_splitter {
public:
  sentence_splitter(std::string_view text, text_kind kind, std::uint32_t line_first)
      : text_{text}, kind_{kind}, line_{line_first} {}

  std::vector<sentence> run() {
    for (std::size_t begin = 0; begin <= text_.size();) {
      const auto line_end = std::min(text_.find('\n', begin), text_.size());
      add_parts(text_.substr(begin, line_end - begin));
      begin = line_end + 1;
      ++line_;
    }
    end_paragraph();
    return std::move(found_);
  }

private:
  struct line_start {
    std::size_t offset;
    std::uint32_t line;
  };

  /// One line may hold several blocks of what was HTML.
  void add_parts(std::string_view line) {
    while (true) {
      const auto separator = line.find(paragraph_separator);
      add_line(line.substr(0, separator));
      if (separator == std::string_view::npos)
        return;
      end_paragraph();
      line.remove_prefix(separator + paragraph_separator.size());
    }
  }

  void add_line(std::string_view line) {
    const auto trimmed = trim_blanks(line);
    if (is_code_fence(line, kind_)) {
      end_paragraph();
      in_fence_ = !in_fence_;
    } else if (in_fence_) {
      add_alone(trimmed, sentence_role::code);
    } else if (kind_ == text_kind::source) {
      add_source_line(trimmed);
    } else if (trimmed.empty()) {
      end_paragraph();
    } else {
      add_document_line(line, trimmed);
    }
  }

  void add_source_line(std::string_view trimmed) {
    const auto words = comment_words(trimmed);
    if (!words) {
      add_alone(trimmed, sentence_role::code);
    } else if (words->empty() || is_decoration(*words)) {
      end_paragraph();
    } else if (words->starts_with('@') || words->starts_with('\\')) {
      begin_paragraph(*words);
    } else {
      continue_paragraph(*words);
    }
  }

  void add_document_line(std::string_view line, std::string_view trimmed) {
    if (const auto heading = hash_heading(line, kind_)) {
      add_alone(heading->title, sentence_role::heading);
    } else if (underlined_heading(paragraph_, trimmed, kind_) && starts_.size() == 1) {
      const auto title = paragraph_;
      const auto title_line = starts_.front().line;
      drop_paragraph();
      emit(title, title_line, title_line, sentence_role::heading);
    } else if (is_decoration(trimmed)) {
      end_paragraph();
    } else if (trimmed.starts_with('|')) {
      add_alone(trimmed, sentence_role::row);
    } else if (const auto item = list_item(line); item.is_item) {
      begin_paragraph(trim_blanks(line.substr(item.skip)));
    } else {
      const auto quoted = trimmed.find_first_not_of("> ");
      continue_paragraph(trimmed.substr(quoted == std::string_view::npos ? 0 : quoted));
    }
  }

  void add_alone(std::string_view text, sentence_role role) {
    end_paragraph();
    if (!is_decoration(text))
      emit(plain_words(text), line_, line_, role);
  }

  void begin_paragraph(std::string_view words) {
    end_paragraph();
    continue_paragraph(words);
  }

  void continue_paragraph(std::string_view words) {
    if (!joins_without_space(paragraph_, words))
      paragraph_ += ' ';
    starts_.push_back({paragraph_.size(), line_});
    paragraph_ += words;
  }

  void drop_paragraph() {
    paragraph_.clear();
    starts_.clear();
  }

  void end_paragraph() {
    for (std::size_t begin = 0; begin < paragraph_.size();) {
      const auto end = find_sentence_end(paragraph_, begin);
      const auto words = trim_blanks(std::string_view{paragraph_}.substr(begin, end - begin));
      if (!is_decoration(words)) {
        const auto asks = words.ends_with('?') || words.ends_with("\xEF\xBC\x9F");
        emit(plain_words(words), line_at(begin), line_at(end - 1),
             asks ? sentence_role::question : sentence_role::prose);
      }
      begin = end;
      while (begin < paragraph_.size() && paragraph_[begin] == ' ')
        ++begin;
    }
    drop_paragraph();
  }

  [[nodiscard]] std::uint32_t line_at(std::size_t offset) const {
    const auto after = std::ranges::upper_bound(starts_, offset, {}, &line_start::offset);
    return after == starts_.begin() ? starts_.front().line : std::prev(after)->line;
  }

  void emit(std::string text, std::uint32_t first, std::uint32_t last, sentence_role role) {
    found_.push_back({std::move(text), first, last, role});
  }

  std::string_view text_;
  text_kind kind_;
  std::uint32_t line_;
  bool in_fence_ = false;
  std::string paragraph_;
  std::vector<line_start> starts_;
  std::vector<sentence> found_;
};

}  // namespace

std::vector<sentence> split_sentences(std::string_view text, text_kind kind,
                                      std::uint32_t line_first) {
  return sentence_splitter{text, kind, line_first}.run();
}

}  // namespace libagent

#include "libagent/knowledge/term_matcher.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/knowledge/stop_words.hpp"
#include "libagent/knowledge/terms.hpp"

namespace libagent {

static_assert(question_terms_max <= 64, "a term is a bit of a mask");

term_matcher::term_matcher(const std::vector<question_term>& terms) : terms_{&terms} {
  LIBAGENT_EXPECTS(terms.size() <= question_terms_max);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].prefix) {
      prefixes_.push_back(i);
    } else {
      whole_.emplace(terms[i].stem, i);
    }
  }
}

term_match term_matcher::match(std::string_view text) const {
  term_match found;
  term_reader reader{text};
  while (const auto* current = reader.next()) {
    if (is_function_word(current->word))
      continue;
    if (const auto whole = whole_.find(current->stem); whole != whole_.end())
      note(found, whole->second, current->end);
    for (const auto prefix : prefixes_) {
      if (current->stem.starts_with((*terms_)[prefix].stem))
        note(found, prefix, current->end);
    }
    ++found.length;
  }
  return found;
}

void term_matcher::note(term_match& found, std::size_t term, std::size_t end) const {
  found.mask |= std::uint64_t{1} << term;
  found.hits.push_back({found.length, static_cast<std::uint32_t>(term), end});
}

}  // namespace libagent

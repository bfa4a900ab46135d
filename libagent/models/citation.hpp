#pragma once

#include "libagent/record/field.hpp"

#include <cstdint>
#include <string>

namespace libagent {

/// A passage that an answer rests on.
struct citation {
  std::string file;              ///< Relative to the documents' folder.
  std::uint32_t line_first = 0;  ///< Counted from 1.
  std::uint32_t line_last = 0;   ///< Inclusive.
  std::string quote;

  friend bool operator==(const citation&, const citation&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, citation& x) {
  return record(f, x, "citation", field("file", "Path within the documents' folder.", x.file),
                field("line_first", "First line, counted from 1.", x.line_first),
                field("line_last", "Last line, inclusive.", x.line_last),
                field("quote", "The words cited.", x.quote));
}

}  // namespace libagent

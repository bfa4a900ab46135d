#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/json.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// A list in the shape of OpenAI's: `{"object":"list","data":[...]}`.
template <class Record>
struct listing {
  std::string object = "list";
  std::vector<Record> data;
};

template <class Inspector, class Record>
bool inspect(Inspector& f, listing<Record>& x) {
  return record(f, x, "listing", field("object", "Always list.", x.object),
                field("data", "The entries.", x.data));
}

template <class Record>
[[nodiscard]] std::string listing_json(std::vector<Record> entries) {
  return to_json(listing<Record>{.data = std::move(entries)});
}

/// The reverse of `listing_json`. Errors: as `from_json`.
template <class Record>
[[nodiscard]] expected<std::vector<Record>> listing_from_json(std::string_view text) {
  auto read = from_json<listing<Record>>(text);
  if (!read) {
    return read.error();
  }
  return std::move(read->data);
}

}  // namespace libagent

#include "libagent/adapters/http_request_reader.hpp"

#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace libagent;
using libagent::testing::fuzz_check;

/// Requests of one connection, and how it ended.
struct connection_story {
  std::vector<std::string> requests;  ///< Method, path and body.
  http_request_reader::state state = http_request_reader::state::idle;
  int status = 0;

  friend bool operator==(const connection_story&, const connection_story&) = default;
};

constexpr http_request_reader::limits bounds{
    .header_bytes_max = 1'024, .body_bytes_max = 2'048, .fields_max = 16};

void take_requests(http_request_reader& reader, std::string& pending, connection_story& story) {
  bool progress = true;
  while (progress && !pending.empty()) {
    const auto used = reader.feed(pending);
    fuzz_check(used <= pending.size(), "no more is used than there is");
    pending.erase(0, used);
    progress = used > 0;
    if (reader.current() == http_request_reader::state::complete) {
      const auto taken = reader.take();
      fuzz_check(taken.request.body.size() <= bounds.body_bytes_max, "bodies are bounded");
      story.requests.push_back(taken.request.method + " " + taken.request.path + " " +
                               taken.request.body);
      progress = true;
    }
  }
}

connection_story read_connection(std::string_view bytes, std::size_t piece) {
  http_request_reader reader{bounds};
  connection_story story;
  std::string pending;
  while (!bytes.empty() && reader.current() != http_request_reader::state::failed) {
    pending += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    take_requests(reader, pending, story);
  }
  story.state = reader.current();
  if (story.state == http_request_reader::state::failed)
    story.status = reader.failure().status;
  return story;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = libagent::testing::fuzz_text(data, size);
  const auto whole = read_connection(bytes, bytes.size() + 1);
  fuzz_check(whole.requests == read_connection(bytes, 1).requests, "cuts do not matter");
  fuzz_check(whole.requests == read_connection(bytes, 17).requests, "cuts do not matter");
  return 0;
}

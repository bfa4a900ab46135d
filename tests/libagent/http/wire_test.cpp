#include "libagent/http/wire.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

std::string head_of(int status, const http_headers& headers, const response_framing& framing) {
  std::string out;
  append_head(out, status, headers, framing);
  return out;
}

}  // namespace

TEST_CASE("a response head is status line, date, fields, framing and a blank line", "[http]") {
  CHECK(head_of(200, {{"X-A", "1"}}, {.content_length = 5, .date = "now"}) ==
        "HTTP/1.1 200 OK\r\nDate: now\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n");
  CHECK(head_of(200, {}, {.content_length = {}, .chunked = true, .date = {}}) ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(head_of(404, {}, {.content_length = 0, .keep_alive = false, .date = {}}) ==
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_CASE("an HTTP/1.0 client is told that the connection stays open", "[http]") {
  CHECK(head_of(204, {}, {.content_length = {}, .http_1_0 = true, .date = {}}) ==
        "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("a handler cannot contradict the server's framing", "[http]") {
  const http_headers lies{
      {"content-length", "999"}, {"TRANSFER-ENCODING", "gzip"}, {"connection", "x"}, {"Date", "x"}};
  CHECK(head_of(200, lies, {.content_length = 2, .date = {}}) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
}

TEST_CASE("a chunk is its size in hex and its data", "[http]") {
  std::string out;
  append_chunk(out, std::string(26, 'x'));
  CHECK(out == "1a\r\n" + std::string(26, 'x') + "\r\n");
  CHECK_THROWS_AS(append_chunk(out, ""), contract_violation);
}

TEST_CASE("http_date writes the date of the standard's own example", "[http]") {
  CHECK(http_date(784'111'777'000) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(784'111'777'999) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http_date(951'782'400'000) == "Tue, 29 Feb 2000 00:00:00 GMT");
}

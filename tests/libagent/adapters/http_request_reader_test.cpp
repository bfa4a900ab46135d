#include "libagent/adapters/http_request_reader.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using state = http_request_reader::state;

namespace {

constexpr http_request_reader::limits small_limits{
    .header_bytes_max = 200, .body_bytes_max = 20, .fields_max = 4};

/// Feeds pieces the way a connection does: what is not used comes again with the next piece.
class piecewise_reader {
public:
  void feed(std::string_view piece) {
    kept_ += piece;
    kept_.erase(0, reader.feed(kept_));
  }

  http_request_reader reader{small_limits};

private:
  std::string kept_;
};

int status_of_refusal(std::string_view bytes) {
  piecewise_reader pieces;
  pieces.feed(bytes);
  REQUIRE(pieces.reader.current() == state::failed);
  return pieces.reader.failure().status;
}

state state_after(std::string_view bytes) {
  piecewise_reader pieces;
  pieces.feed(bytes);
  return pieces.reader.current();
}

std::string with_fields(const std::string& fields) {
  return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("the reader fills in method, path, query, fields and body", "[http]") {
  http_request_reader reader{small_limits};
  const std::string_view bytes =
      "POST /v1/tasks?wait=1 HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhelloGET";
  CHECK(reader.feed(bytes) == bytes.size() - 3);
  REQUIRE(reader.current() == state::complete);
  const auto got = reader.take();
  CHECK(got.request.method == "POST");
  CHECK(got.request.path == "/v1/tasks");
  CHECK(got.request.query_value("wait") == "1");
  CHECK(got.request.headers.find("x-a") == "b");
  CHECK(got.request.body == "hello");
  CHECK(got.keep_alive);
  CHECK_FALSE(got.http_1_0);
  CHECK(reader.current() == state::idle);
}

TEST_CASE("a request may arrive in pieces of any size", "[http]") {
  const std::string whole =
      "\r\nPOST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n5\r\ndefgh\r\n0\r\nX-Trailer: t\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
  const auto seed = GENERATE(range(0U, 50U));
  CAPTURE(seed);
  seeded_random random{seed};
  http_request_reader reader{small_limits};
  std::vector<http_request> got;
  std::string kept;
  for (std::string_view rest = whole; !rest.empty() || !kept.empty();) {
    const auto piece = rest.substr(0, seed == 0 ? 1 : 1 + random() % 40);
    rest.remove_prefix(piece.size());
    kept += piece;
    kept.erase(0, reader.feed(kept));
    REQUIRE(reader.current() != state::failed);
    if (reader.current() == state::complete)
      got.push_back(reader.take().request);
    REQUIRE((!rest.empty() || got.size() == 2 || !kept.empty()));
  }
  REQUIRE(got.size() == 2);
  CHECK(got[0].body == "abcdefgh");
  CHECK(got[0].headers.size() == 2);  // trailers are dropped
  CHECK(got[1].path == "/b");
}

TEST_CASE("keep-alive follows the version and the Connection field", "[http]") {
  const auto keeps = [](const std::string& head) {
    http_request_reader reader{small_limits};
    reader.feed(head + "\r\n\r\n");
    REQUIRE(reader.current() == state::complete);
    return reader.take().keep_alive;
  };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: h"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close"));
  CHECK_FALSE(keeps("GET / HTTP/1.0"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive"));
}

TEST_CASE("a request that two servers could read differently is refused", "[http]") {
  CHECK(status_of_refusal(with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")) ==
        400);
  CHECK(status_of_refusal(with_fields("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")) ==
        400);
  CHECK(status_of_refusal(with_fields("Content-Length: 3\r\nContent-Length: 4\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("Content-Length: -1\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("Content-Length: 3x\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("Transfer-Encoding: gzip, chunked\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("Transfer-Encoding: xchunked\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("Transfer-Encoding: gzip\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("Host: other\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("X-A : space before the colon\r\n")) == 400);
  CHECK(status_of_refusal(with_fields("X-A: bare\nX-B: newline\r\n")) == 400);
  CHECK(status_of_refusal("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of_refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("what is not HTTP/1.1 or 1.0 is refused", "[http]") {
  CHECK(status_of_refusal("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of_refusal(std::string("\x16\x03\x01\x02\x00\x01\x00", 7)) == 400);  // TLS
  CHECK(status_of_refusal("GET relative HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(status_of_refusal("GET /%zz?%zz HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(status_of_refusal(std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29)) == 400);
}

TEST_CASE("the head may be as large as its limit and no larger", "[http]") {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX-A: ";
  const auto head_of = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size() - 2, 'a') + "\r\n\r\n";
  };
  CHECK(state_after(head_of(190)) == state::complete);
  CHECK(status_of_refusal(head_of(201)) == 431);
  CHECK(status_of_refusal(head_of(2'000)) == 431);
  CHECK(status_of_refusal("GET /" + std::string(300, 'a')) == 431);
  CHECK(status_of_refusal(std::string(300, 'A')) == 431);
}

TEST_CASE("there may be as many fields as the limit and no more", "[http]") {
  CHECK(state_after(with_fields("A: 1\r\nB: 2\r\nC: 3\r\n")) == state::complete);
  CHECK(status_of_refusal(with_fields("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n")) == 431);
}

TEST_CASE("the body may be as large as its limit and no larger", "[http]") {
  CHECK(state_after(with_fields("Content-Length: 20\r\n") + std::string(20, 'x')) ==
        state::complete);
  CHECK(status_of_refusal(with_fields("Content-Length: 21\r\n")) == 413);
  CHECK(status_of_refusal(with_fields("Content-Length: 99999999999999999\r\n")) == 413);
  const auto chunked = with_fields("Transfer-Encoding: chunked\r\n");
  CHECK(state_after(chunked + "14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n") ==
        state::complete);
  CHECK(status_of_refusal(chunked + "a\r\n0123456789\r\nb\r\n") == 413);
  CHECK(status_of_refusal(chunked + "ffffffffffffffff\r\n") == 413);
}

TEST_CASE("an empty chunked body may come in any pieces", "[http]") {
  const auto head = with_fields("Transfer-Encoding: chunked\r\n");
  for (const std::string_view body : {"0\r\n\r\n", "0\r\nX: y\r\n\r\n", "0;x\r\n\r\n"}) {
    for (std::size_t cut = 0; cut < body.size(); ++cut) {
      CAPTURE(body, cut);
      piecewise_reader pieces;
      pieces.feed(head + std::string{body.substr(0, cut)});
      for (const char byte : body.substr(cut)) {
        CHECK(pieces.reader.current() == state::reading);
        pieces.feed({&byte, 1});
      }
      CHECK(pieces.reader.current() == state::complete);
    }
  }
}

TEST_CASE("chunk heads and trailers are bounded and checked too", "[http]") {
  const auto chunked = with_fields("Transfer-Encoding: chunked\r\n");
  CHECK(status_of_refusal(chunked + "1;" + std::string(300, 'x')) == 431);
  CHECK(status_of_refusal(chunked + "0\r\nX: " + std::string(300, 'x')) == 431);
  CHECK(status_of_refusal(chunked + "zz\r\n") == 400);
  CHECK(status_of_refusal(chunked + "1\r\nxyz\r\n") == 400);
}

TEST_CASE("the reader says once that a client waits for 100 Continue", "[http]") {
  http_request_reader reader{small_limits};
  reader.feed(with_fields("Expect: 100-continue\r\nContent-Length: 2\r\n"));
  CHECK(reader.current() == state::reading);
  CHECK(reader.take_expect_continue());
  CHECK_FALSE(reader.take_expect_continue());
  reader.feed("ab");
  CHECK(reader.take().request.body == "ab");
  CHECK(status_of_refusal(with_fields("Expect: miracles\r\n")) == 417);
}

TEST_CASE("no bytes make the reader crash, hang or keep more than its limit", "[http]") {
  const auto seed = GENERATE(range(0U, 200U));
  CAPTURE(seed);
  seeded_random random{seed};
  std::string bytes = with_fields("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n" +
                      with_fields("Content-Length: 5\r\n") + "hello";
  for (auto changes = random() % 5; changes > 0; --changes)
    bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
  http_request_reader reader{small_limits};
  std::string kept;
  for (std::string_view rest = bytes; !rest.empty() && reader.current() != state::failed;) {
    const auto piece = rest.substr(0, 1 + random() % 50);
    rest.remove_prefix(piece.size());
    kept += piece;
    for (auto before = kept.size() + 1; before != kept.size();) {
      before = kept.size();
      kept.erase(0, reader.feed(kept));
      if (reader.current() == state::complete)
        CHECK(reader.take().request.body.size() <= small_limits.body_bytes_max);
    }
    if (reader.current() == state::reading)
      CHECK(kept.size() < small_limits.header_bytes_max);
  }
}

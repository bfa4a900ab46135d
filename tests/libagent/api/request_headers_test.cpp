#include "libagent/api/request_headers.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

http_request with_header(std::string name, std::string value) {
  http_request request{.method = "POST", .client_address = "192.0.2.1"};
  request.headers.add(std::move(name), std::move(value));
  return request;
}

constexpr const char* sample_trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE("an idempotency key is one to 128 printable ASCII characters", "[api]") {
  CHECK(idempotency_key({})->empty());
  CHECK(*idempotency_key(with_header("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324")) ==
        "8e03978e-40d5-43e8-bc93-6894a57f9324");
  CHECK(*idempotency_key(with_header("Idempotency-Key", std::string(128, '~'))) ==
        std::string(128, '~'));
  CHECK_FALSE(idempotency_key(with_header("Idempotency-Key", "")));
  const auto long_one = idempotency_key(with_header("Idempotency-Key", std::string(129, 'k')));
  REQUIRE_FALSE(long_one);
  CHECK(long_one.error().code == errc::invalid_argument);
  CHECK(long_one.error().context.ends_with("got 129 bytes"));
  const auto odd = idempotency_key(with_header("Idempotency-Key", "ab\tc"));
  REQUIRE_FALSE(odd);
  CHECK(odd.error().context.ends_with("position 3"));
}

TEST_CASE("two idempotency keys are refused: neither would be meant", "[api]") {
  auto request = with_header("Idempotency-Key", "a");
  request.headers.add("idempotency-key", "a");
  CHECK_FALSE(idempotency_key(request));
}

TEST_CASE("a trace of version 00 is taken as it is", "[api]") {
  CHECK(trace_parent(with_header("traceparent", sample_trace)) == sample_trace);
  CHECK(trace_parent({}).empty());
}

TEST_CASE("a malformed trace is ignored", "[api]") {
  const std::string good = sample_trace;
  const auto changed = [&good](std::size_t at, std::string_view with) {
    return trace_parent(
        with_header("traceparent", std::string{good}.replace(at, with.size(), with)));
  };
  CHECK(changed(0, "ff").empty());
  CHECK(changed(3, "00000000000000000000000000000000").empty());
  CHECK(changed(36, "0000000000000000").empty());
  CHECK(changed(10, "A").empty());
  CHECK(changed(2, "_").empty());
  CHECK(changed(53, "0g").empty());
  CHECK(trace_parent(with_header("traceparent", good + "-00")).empty());
  CHECK(trace_parent(with_header("traceparent", good.substr(0, 54))).empty());
  auto twice = with_header("traceparent", good);
  twice.headers.add("traceparent", good);
  CHECK(trace_parent(twice).empty());
}

TEST_CASE("a trace of a later version is read as far as we know it", "[api]") {
  const std::string ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-";
  CHECK(trace_parent(with_header("traceparent", "cc-" + ids + "03-what-comes")) ==
        "00-" + ids + "01");
  CHECK(trace_parent(with_header("traceparent", "01-" + ids + "f2")) == "00-" + ids + "00");
  CHECK(trace_parent(with_header("traceparent", "01-" + ids + "01what")).empty());
}

TEST_CASE("headers of a submit give client, key and trace", "[api]") {
  auto request = with_header("traceparent", sample_trace);
  request.headers.add("Idempotency-Key", "k");
  task_request asked;
  REQUIRE(take_headers(request, asked));
  CHECK(asked.client == "192.0.2.1");
  CHECK(asked.key == "k");
  CHECK(asked.trace == sample_trace);
  request.headers.set("X-Client-Id", "");
  CHECK_FALSE(take_headers(request, asked));
}

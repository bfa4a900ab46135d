#include "apps/lab/models/stub_misdeeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>

namespace libagent::lab {

namespace {

std::string body_of(const stub_reply& reply) {
  std::string all;
  for (const auto& piece : reply.pieces)
    all += piece.bytes;
  return all;
}

/// Ends the body after some of its bytes, at least none and never all of them.
void end_early(stub_reply& reply, seeded_random& random, stub_ending how) {
  const auto size = body_of(reply).size();
  auto left = size == 0 ? 0 : random() % size;
  if (!reply.is_chunked)
    reply.announced_more = size - left;
  for (auto piece = reply.pieces.begin(); piece != reply.pieces.end(); ++piece) {
    if (piece->bytes.size() >= left) {
      piece->bytes.resize(left);
      reply.pieces.erase(std::next(piece), reply.pieces.end());
      break;
    }
    left -= piece->bytes.size();
  }
  reply.ending = how;
}

std::string random_bytes(seeded_random& random) {
  std::string bytes(1 + random() % 2'000, '\0');
  for (auto& each : bytes)
    each = static_cast<char>(random() & 0xFFU);
  return bytes;
}

void replace_by_garbage(stub_reply& reply, seeded_random& random) {
  constexpr std::array<std::string_view, 5> rubbish{
      "<html><body>502 Bad Gateway</body></html>", "data: {\"choices\":[{\"delta\":\n\n",
      "data: [1,2,3]\n\ndata: \"text\"\n\ndata: [DONE]\n\n", "{\"choices\":[]}",
      "event: \xC3\x28\ndata: {\"choices\":[{\"delta\":{\"content\":\"\xC3\x28\"}}]}\n\n"};
  const auto which = random() % (rubbish.size() + 1);
  auto bytes = which < rubbish.size() ? std::string{rubbish.at(which)} : random_bytes(random);
  const auto after = reply.pieces.empty() ? std::chrono::milliseconds{0} : reply.pieces[0].after;
  reply.pieces = {{.after = after, .bytes = std::move(bytes)}};
}

/// Every line end becomes the one that is drawn, and comments come between events.
std::string with_other_line_ends(const std::string& body, seeded_random& random) {
  constexpr std::array<std::string_view, 3> ends{"\n", "\r\n", "\r"};
  const auto end = ends.at(random() % ends.size());
  std::string all;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\n') {
      all += body[i];
      continue;
    }
    all += end;
    if (i > 0 && body[i - 1] == '\n' && random() % 4 == 0)
      all.append(": still here").append(end);
  }
  return all;
}

void cut_into(stub_reply& reply, seeded_random& random, std::size_t size_max,
              unsigned one_in_waits) {
  const auto first = reply.pieces.empty() ? std::chrono::milliseconds{0} : reply.pieces[0].after;
  const auto body = reply.is_chunked && size_max > 3 ? with_other_line_ends(body_of(reply), random)
                                                     : body_of(reply);
  reply.pieces.clear();
  for (std::size_t at = 0; at < body.size();) {
    const auto size = size_max > 3 ? 1 + random() % size_max : size_max;
    const bool waits = random() % one_in_waits == 0;
    reply.pieces.push_back(
        {.after = std::chrono::milliseconds{waits ? 1 : 0}, .bytes = body.substr(at, size)});
    at += size;
  }
  if (!reply.pieces.empty())
    reply.pieces.front().after += first;
}

std::string_view phrase_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 429: return "Too Many Requests";
    default: return "Error";
  }
}

std::string head_of(const stub_reply& reply) {
  auto head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n{}", reply.status,
                          phrase_of(reply.status), reply.content_type, reply.headers);
  if (reply.is_chunked)
    return head + "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto size = std::accumulate(
      reply.pieces.begin(), reply.pieces.end(), reply.announced_more,
      [](std::size_t sum, const stub_piece& piece) { return sum + piece.bytes.size(); });
  return head + fmt::format("Content-Length: {}\r\n\r\n", size);
}

}  // namespace

stub_fault draw_stub_fault(const stub_options& options, std::uint64_t number) {
  seeded_random random{options.seed * 0x9E3779B97F4A7C15ULL + number};
  if (options.faults.empty() || random.unit() >= options.fault_share)
    return stub_fault::none;
  return options.faults[random() % options.faults.size()];
}

stub_reply spoil_stub_reply(stub_reply reply, stub_fault fault, const stub_options& options,
                            seeded_random random) {
  switch (fault) {
    using enum stub_fault;
    case none:
    case wrong_finish:
    case one_byte_arguments:
    case bad_arguments: break;
    case cut: end_early(reply, random, stub_ending::closes); break;
    case stall: end_early(reply, random, stub_ending::stalls); break;
    case garbage: replace_by_garbage(reply, random); break;
    case split: cut_into(reply, random, 40, 8); break;
    case trickle: cut_into(reply, random, 3, 1); break;
    case server_error:
      return stub_error(500, "server_error", "", "The server had an error. Sorry about that.");
    case rate_limited:
    case rate_limited_bare: {
      auto refused =
          stub_error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests");
      if (fault == rate_limited)
        refused.headers = fmt::format("Retry-After: {}\r\n", options.retry_after.count());
      return refused;
    }
  }
  return reply;
}

std::vector<stub_piece> wire_of(const stub_reply& reply) {
  std::vector<stub_piece> wire;
  wire.reserve(reply.pieces.size() + 1);
  wire.push_back({.bytes = head_of(reply)});
  // The head goes with the first bytes of the body.
  if (!reply.pieces.empty())
    wire.front().after = reply.pieces.front().after;
  for (std::size_t i = 0; i < reply.pieces.size(); ++i) {
    const auto& piece = reply.pieces[i];
    if (i > 0 && piece.after.count() > 0)
      wire.push_back({.after = piece.after, .bytes = {}});
    auto& bytes = wire.back().bytes;
    if (reply.is_chunked && !piece.bytes.empty()) {
      bytes.append(fmt::format("{:x}\r\n", piece.bytes.size())).append(piece.bytes).append("\r\n");
    } else if (!reply.is_chunked) {
      bytes += piece.bytes;
    }
  }
  if (reply.is_chunked && reply.ending == stub_ending::keeps)
    wire.back().bytes += "0\r\n\r\n";
  return wire;
}

}  // namespace libagent::lab

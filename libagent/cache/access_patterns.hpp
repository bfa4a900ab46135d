#pragma once

#include "libagent/cache/entry_index.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent {

/// Objects and the requests for them, in order: what a cache is measured with.
struct access_trace {
  std::vector<cache_entry_facts> objects;  ///< By id; the hashes differ.
  std::vector<std::uint32_t> requests;     ///< Ids, each less than `objects.size()`.

  /// The charge of all objects together: a cache of this capacity never evicts.
  [[nodiscard]] std::uint64_t footprint_bytes() const;
};

/// The hash under which an object with this id is looked up. Ids are dense, and a table that sees
/// them unmixed looks better than it is.
[[nodiscard]] std::uint64_t hash_of_object(std::uint32_t id);

/// The same requests with every charge 1, so that a capacity is a number of objects.
[[nodiscard]] access_trace in_object_mode(access_trace trace);

/// What agents ask for: a few hot questions, a long tail, loops that ask again at once, drift, and
/// now and then a pass over many new keys that nobody asks for twice.
struct agent_mix_options {
  std::size_t requests = 1'000'000;
  double repeat_share = 0.15;        ///< Repeats one of the last `repeat_window` requests.
  std::size_t repeat_window = 64;    ///< At least 1.
  double hot_share = 0.25;           ///< Goes to the hot keys, the first of them the most.
  std::uint32_t hot_keys = 200;      ///< At least 1.
  std::uint32_t tail_keys = 60'000;  ///< At least 1; they get the rest, by Zipf's law.
  double tail_skew = 0.9;            ///< The exponent of Zipf's law.
  std::size_t drift_every = 50'000;  ///< Then 1 % of the tail swap ranks, 10 % of the hot change.
  std::size_t scan_every = 100'000;  ///< Then come `scan_keys` requests for new keys.
  std::uint32_t scan_keys = 4'000;
};

// All generators give the same trace for the same seed. Ids are numbered in the order of first
// appearance. Charge and cost follow the tokens of chat completions: log-normal with mean 1,155 and
// median 1,020 for the context, mean 211 and median 129 for the answer (the conversation trace of
// the Azure LLM inference data set, 2023); charge = 256 + 4 x (context + answer), cost = context +
// 4 x answer, since a token costs about four times as much to write as to read.

[[nodiscard]] access_trace agent_mix(const agent_mix_options& options, std::uint64_t seed);

/// Independent requests by Zipf's law.
[[nodiscard]] access_trace zipf_requests(std::size_t requests, std::uint32_t keys, double skew,
                                         std::uint64_t seed);

/// Zipf's law with a pass over as many new keys after every `keys` requests: half of all requests
/// are for keys that are never asked for again.
[[nodiscard]] access_trace zipf_with_scans(std::size_t requests, std::uint32_t keys, double skew,
                                           std::uint64_t seed);

/// The same keys in the same order, again and again.
[[nodiscard]] access_trace loop_requests(std::size_t requests, std::uint32_t keys,
                                         std::uint64_t seed);

/// 90 % of the requests go to a hot set of `hot_keys`, all alike, which is new after every
/// `shift_every` requests; the others go to any of `keys`.
[[nodiscard]] access_trace shifting_hot_set(std::size_t requests, std::uint32_t keys,
                                            std::uint32_t hot_keys, std::size_t shift_every,
                                            std::uint64_t seed);

}  // namespace libagent

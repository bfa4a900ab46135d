#!/usr/bin/env escript
%% Short tasks in a process for each connection, long ones in processes of their own, with
%% Erlang's process priorities.
%%
%% Usage: beam_priorities.erl normal|high|long_low
%%
%% Prints "port N" once it listens on loopback. Commands, one a line: "s" does a short task and
%% answers "ok"; "l 1" keeps as many long tasks running as there are schedulers with the next ones
%% at hand, "l 0" stops that, both answer "ok"; "q" answers how many long tasks were done; "x" ends
%% the program.
-mode(compile).
-export([main/1]).

-define(SHORT_US, 50).
-define(LONG_MS, 300).
-define(SLICES, 300).

main([Mode]) when Mode =:= "normal"; Mode =:= "high"; Mode =:= "long_low" ->
    PerUs = rounds_per_us(),
    Short = max(1, round(?SHORT_US * PerUs)),
    Slice = max(1, round(?LONG_MS * 1000 / ?SLICES * PerUs)),
    Done = counters:new(1, []),
    Long = spawn(fun() -> long_load(Slice, Done, long_priority(Mode), []) end),
    {ok, Listen} = gen_tcp:listen(0, [binary, {packet, line}, {active, false}, {nodelay, true},
                                      {ip, {127, 0, 0, 1}}, {backlog, 512}, {reuseaddr, true}]),
    {ok, Port} = inet:port(Listen),
    io:format("port ~b~n", [Port]),
    process_flag(priority, short_priority(Mode)),
    accept(Listen, {Short, Done, Long, short_priority(Mode)});
main(_) ->
    io:format(standard_error, "usage: beam_priorities.erl normal|high|long_low~n", []),
    halt(2).

short_priority("high") -> high;
short_priority(_) -> normal.

long_priority("long_low") -> low;
long_priority(_) -> normal.

%% All numbers stay small integers: big ones would put memory management into the measurement.
spin(0, State) -> State;
spin(Rounds, State) -> spin(Rounds - 1, (State * 69069 + 12345) band 16#7FFFFFFF).

%% By CPU time, so that other load on the machine does not matter; it counts in milliseconds.
rounds_per_us() ->
    lists:max([rounds_per_us_once() || _ <- lists:seq(1, 3)]).

rounds_per_us_once() ->
    Probe = 20000000,
    {Begin, _} = statistics(runtime),
    spin(Probe, 1),
    {End, _} = statistics(runtime),
    Probe / (max(1, End - Begin) * 1000).

long_load(Slice, Done, Priority, Running) ->
    receive
        {load, true, From} ->
            Count = erlang:system_info(schedulers_online),
            Pids = [spawn_opt(fun() -> long_tasks(Slice, Done) end, [link, {priority, Priority}])
                    || _ <- lists:seq(1, Count)],
            From ! load_set,
            long_load(Slice, Done, Priority, Pids);
        {load, false, From} ->
            [begin unlink(Pid), exit(Pid, kill) end || Pid <- Running],
            From ! load_set,
            long_load(Slice, Done, Priority, [])
    end.

long_tasks(Slice, Done) ->
    [spin(Slice, 1) || _ <- lists:seq(1, ?SLICES)],
    counters:add(Done, 1, 1),
    long_tasks(Slice, Done).

accept(Listen, {_, _, _, Priority} = Given) ->
    {ok, Socket} = gen_tcp:accept(Listen),
    Pid = spawn_opt(fun() -> receive go -> serve(Socket, Given) end end, [{priority, Priority}]),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listen, Given).

serve(Socket, {Short, Done, Long, _} = Given) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, <<"x", _/binary>>} ->
            halt(0);
        {ok, Line} ->
            gen_tcp:send(Socket, answer(Line, Short, Done, Long)),
            serve(Socket, Given);
        {error, _} ->
            gen_tcp:close(Socket)
    end.

answer(<<"s\n">>, Short, _, _) ->
    spin(Short, 1),
    <<"ok\n">>;
answer(<<"l ", On, "\n">>, _, _, Long) ->
    Long ! {load, On =:= $1, self()},
    receive load_set -> <<"ok\n">> end;
answer(<<"q\n">>, _, Done, _) ->
    [integer_to_binary(counters:get(Done, 1)), <<"\n">>];
answer(_, _, _, _) ->
    <<"what?\n">>.

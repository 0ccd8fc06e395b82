--
-- PostgreSQL database dump
--
ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.issuance_c1_20260301 FOR VALUES FROM ('\x21') TO ('\x22');
ALTER TABLE ONLY mayfly.outcome ATTACH PARTITION mayfly_partitions.outcome_c1_20260301 FOR VALUES FROM ('\x21') TO ('\x22');
COPY mayfly.event (id, kind, principal, detail, tick, at) FROM stdin;
1	policy.activated	local:0	{"version": 4}	2	2026-03-01 12:00:02.000000+00
2	denial	spiffe://example.internal/api	{"profile": "server"}	9	2026-03-01 12:00:09.000000+00
\.
COPY mayfly.issuer (id, name) FROM stdin;
1	issuing-1
\.
COPY mayfly.revocation (number, serial, issuer_id, reason, revoked_at, not_after, principal, tick) FROM stdin;
\.
COPY mayfly_partitions.issuance_c1_20260301 (serial, issuer_id, generation, decision, policy_version, tick, not_after, renew_from, renew_until, recorded_at, lineage, request_id, parent_serial, profile, principal, tbs, claims) FROM stdin;
\\x21019c0b1d8800112233445566778899aabbccdd	1	0	9	4	5	2026-03-07 23:59:59.000000+00	2026-03-01 12:00:05.000000+00	2026-03-01 12:00:05.000000+00	2026-03-01 12:00:05.000000+00	01994f0a-1b2c-7000-8000-000000000001	\N	\N	server	spiffe://example.internal/operator	\\x3082015ea003020102021421019c0b1d8800112233445566778899aabbccdd300a06082a8648ce3d040302301d311b301906035504030c124578616d706c652069737375696e67204341301e170d3236303330313030303030305a170d3236303330373233353935395a30003059301306072a8648ce3d020106082a8648ce3d030107034200040f426943be37fd1b7200f929324c71beca9a409205b23c4fe6f782f6a7c942c5982012fdf32d373418b5d03e1b58b5bccc372cb1d77a2c9700ef98a431f7f213a38198308195300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070301302e0603551d110101ff04243022820c7765622e696e7465726e616c820c7777772e696e7465726e616c87040a000007301d0603551d0e041604148fe44e402e64c06e18ac89d8d054aed0436b03bb301f0603551d23041830168014d68697c9dd7922450535d8e4bf4ea70dc0900e80	
\\x21019c0b1d8900112233445566778899aabbccdd	1	0	9	4	5	2026-03-07 23:59:59.000000+00	2026-03-01 12:00:05.000000+00	2026-03-01 12:00:05.000000+00	2026-03-01 12:00:05.000000+00	01994f0a-1b2c-7000-8000-000000000001	\N	\N	server	spiffe://example.internal/operator	\\x301ba003020102021421019c0b1d8900112233445566778899aabbccdd	namespace=prod
\.
COPY mayfly_partitions.outcome_c1_20260301 (serial, issuer_id, kind, decision, policy_version, tick, decided_at, signature) FROM stdin;
\\x21019c0b1d8800112233445566778899aabbccdd	1	1	9	4	5	2026-03-01 12:00:05.000000+00	\\x3045022100cc4c7d899420f24a7ad2db56b05ecff6cce6f5409c9bd193844d686fe7df59f2022069e0ce189f1e2a0f759cb906f1a44b27531187feca8ba39c9d73477ef50b7e6d
\\x21019c0b1d8900112233445566778899aabbccdd	1	2	9	4	5	2026-03-01 12:00:05.000000+00	\N
\.

-- The users. A real policy would ask a database, a directory or a web service.
-- Hashes are made with `openssl passwd -6` or `doveadm pw`.

local accounts = {}

local users = {
    -- correct horse battery
    alice = {
        password = "$6$ryr9CLSK2vp46JBx$iI29KN6lfs20GnUliXqar/hykAmjhyxXUdC0pb7sfMq6vuOmwBGJPK1Cq/O9bnRpOwTdvlTcHp1y6XubZwrmv.",
        attributes = {
            account = "alice@example.org",
            home = "/var/mail/alice",
            quota = 1073741824,
        },
    },
    -- open sesame; may log in from one network only
    carol = {
        password = "$6$M5RF7707mQZaofRb$klJDhNLCThOz2IzQQPwSUKHo.MXfZbNpAT6eLLZxjZ3FV1zVeX4a7ydCHK8Md2OY7MepCg0BuJNLA9LLQxMOb0",
        attributes = {
            account = "carol@example.org",
            home = "/var/mail/carol",
            allow_nets = "192.0.2.0/24",
        },
    },
}

-- Nobody's password.
accounts.decoy = "$6$M5RF7707mQZaofRb$klJDhNLCThOz2IzQQPwSUKHo.MXfZbNpAT6eLLZxjZ3FV1zVeX4a7ydCHK8Md2OY7MepCg0BuJNLA9LLQxMOb1"

function accounts.find(name)
    return users[string.lower(name)]
end

function accounts.names()
    local names = {}
    for _, user in pairs(users) do
        names[#names + 1] = user.attributes.account
    end
    table.sort(names)
    return names
end

return accounts

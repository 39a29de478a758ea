SELECT ${a}, ${N}, '${s}-$${s}', ${s}, `${q}` FROM ${q} WHERE ${unknown} = ${x} AND a = '${a}' /* ${ */ -- ${

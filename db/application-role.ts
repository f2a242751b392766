/** The role of the API and the workers: it owns nothing and is bound by row-level security (migration 0008). */
export const applicationRole = 'holdfast_app';
